#nullable disable // The published assembly carries no nullable annotations; a build class must compile alike against both.

using System.Reflection;
using Nuke.Common.Parameters;
using Nuke.Common.ValueInjection;

namespace Nuke.Common;

/// <summary>
/// A value that comes from the command line, the environment, `.nuke/parameters.PROFILE.json` or `.nuke/parameters.json`, in this order.
/// </summary>
public class ParameterAttribute : ValueInjectionAttributeBase
{
    public ParameterAttribute(string description = null)
    {
        Description = description;
    }

    public virtual string Description { get; }

    /// <summary>The name users type, where it differs from the member's.</summary>
    public string Name { get; set; }

    /// <summary>One character that splits a single word into the values of a list.</summary>
    public string Separator { get; set; }

    /// <summary>Whether `--help` shows it.</summary>
    public virtual bool List { get; set; } = true;

    public override object GetValue(MemberInfo member, object instance)
    {
        return ParameterSources.OfProcess.Find(ParameterMember.Of(member));
    }
}
