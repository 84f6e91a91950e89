/// <summary>What to build and test for. Nuke takes the names in any case.</summary>
internal enum BuildPlatform
{
    Linux,
    Darwin,
    All,
}
