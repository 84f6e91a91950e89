namespace Nuke.Common;

/// <summary>Describes a target: what runs, after what, under which conditions.</summary>
public delegate ITargetDefinition Target(ITargetDefinition definition);
