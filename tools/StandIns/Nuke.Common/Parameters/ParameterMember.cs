using System.Reflection;

namespace Nuke.Common.Parameters;

/// <summary>A field or property that carries [Parameter].</summary>
internal sealed record ParameterMember(MemberInfo Member, ParameterAttribute Attribute)
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public string Name => Attribute.Name ?? Member.Name;

    public char? Separator => string.IsNullOrEmpty(Attribute.Separator) ? null : Attribute.Separator.Single();

    public bool IsSecret => Member.GetCustomAttribute<SecretAttribute>() is not null;

    /// <summary>Nullable where it is a value type, so that "not given" can be told from the default.</summary>
    public Type ValueType
    {
        get
        {
            var type = MemberType;
            return type.IsValueType && Nullable.GetUnderlyingType(type) is null ? typeof(Nullable<>).MakeGenericType(type) : type;
        }
    }

    private Type MemberType => Member is FieldInfo plain ? plain.FieldType : ((PropertyInfo)Member).PropertyType;

    public static ParameterMember Of(MemberInfo member) => new(member, member.GetCustomAttribute<ParameterAttribute>()!);

    /// <summary>All parameters of a build: its class's, its base classes' and its component interfaces', in the order of their names.</summary>
    public static IReadOnlyList<ParameterMember> AllOf(Type buildType)
    {
        IEnumerable<Type> types = buildType.GetInterfaces();
        for (var type = buildType; type is not null && type != typeof(object); type = type.BaseType)
        {
            types = types.Prepend(type);
        }

        return [.. types.SelectMany(type => type.GetMembers(Declared))
            .Where(member => member.GetCustomAttribute<ParameterAttribute>() is not null)
            .Select(Of)
            .DistinctBy(parameter => parameter.Name)
            .OrderBy(parameter => parameter.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Writes the value into a field or an auto-property. A computed property asks for its value by itself.</summary>
    public void Inject(NukeBuild build)
    {
        var storage = Member as FieldInfo ?? Member.DeclaringType!.GetField($"<{Member.Name}>k__BackingField", Declared);
        if (storage is not null && Attribute.TryGetValue(Member, build) is { } value)
        {
            storage.SetValue(storage.IsStatic ? null : build, value);
        }
    }
}
