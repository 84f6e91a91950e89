#nullable disable // As published.

using System.Reflection;
using Nuke.Common.Parameters;
using Serilog;

namespace Nuke.Common.ValueInjection;

/// <summary>Where a member's value comes from. A value that cannot be had is a warning, and the member keeps its default.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public abstract class ValueInjectionAttributeBase : Attribute
{
    public object TryGetValue(MemberInfo member, object instance)
    {
        try
        {
            return GetValue(member, instance);
        }
        catch (ParameterConversionException exception)
        {
            Log.Warning(exception, "Could not inject value for {Member}", $"{member.DeclaringType?.Name}.{member.Name}");
            return null;
        }
    }

    public abstract object GetValue(MemberInfo member, object instance);
}
