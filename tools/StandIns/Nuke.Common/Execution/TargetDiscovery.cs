using System.Reflection;

namespace Nuke.Common.Execution;

/// <summary>Finds the targets of a build: properties of its class, its base classes and its component interfaces.</summary>
internal static class TargetDiscovery
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<ExecutableTarget> Discover(NukeBuild build, IReadOnlyCollection<Target> defaults)
    {
        var targets = new List<ExecutableTarget>();
        var definitions = new List<TargetDefinition>();
        foreach (var property in PropertiesOf(build.GetType()))
        {
            var factory = (Target)property.GetValue(build)!;
            var target = new ExecutableTarget(ShortName(property), factory) { IsDefault = defaults.Contains(factory) };
            var definition = new TargetDefinition(target, build);
            factory(definition);
            targets.Add(target);
            definitions.Add(definition);
        }

        for (var index = 0; index < targets.Count; index++)
        {
            Relate(targets[index], definitions[index], targets);
        }

        return targets;
    }

    /// <summary>One property a name; a member of the class hides the interface's.</summary>
    private static IEnumerable<PropertyInfo> PropertiesOf(Type buildType)
    {
        IEnumerable<Type> types = buildType.GetInterfaces();
        for (var type = buildType; type is not null && type != typeof(NukeBuild); type = type.BaseType)
        {
            types = types.Prepend(type);
        }

        return types.SelectMany(type => type.GetProperties(Declared))
            .Where(property => property.PropertyType == typeof(Target) && property.GetMethod is not null)
            .DistinctBy(ShortName);
    }

    /// <summary>An explicit implementation is named Namespace.Interface.Target by the compiler.</summary>
    private static string ShortName(PropertyInfo property) => property.Name[(property.Name.LastIndexOf('.') + 1)..];

    private static void Relate(ExecutableTarget target, TargetDefinition definition, IReadOnlyList<ExecutableTarget> all)
    {
        foreach (var other in Resolve(definition.DependsOnTargets))
        {
            target.ExecutionDependencies.Add(other);
        }

        foreach (var other in Resolve(definition.DependentForTargets))
        {
            other.ExecutionDependencies.Add(target);
        }

        foreach (var other in Resolve(definition.AfterTargets))
        {
            target.OrderDependencies.Add(other);
        }

        foreach (var other in Resolve(definition.BeforeTargets))
        {
            other.OrderDependencies.Add(target);
        }

        foreach (var other in Resolve(definition.TriggersTargets))
        {
            target.Triggers.Add(other);
            other.TriggerDependencies.Add(target);
        }

        foreach (var other in Resolve(definition.TriggeredByTargets))
        {
            other.Triggers.Add(target);
            target.TriggerDependencies.Add(other);
        }

        IEnumerable<ExecutableTarget> Resolve(IEnumerable<Target> factories) => factories.Select(factory =>
        {
            var other = all.Single(candidate => candidate.Factory == factory);
            Assert.True(other != target, $"Target '{target.Name}' cannot have a dependency on itself");
            return other;
        });
    }
}
