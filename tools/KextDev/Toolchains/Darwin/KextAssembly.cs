using KextDev.Bundles;
using KextDev.MachO;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>From objects to bundle and dSYM, where one of the objects or what is said of the bundle changed.</summary>
internal sealed class KextAssembly(
    IKextToolchain toolchain, DarwinExtension extension, KextInfo info, BuildConfiguration configuration, string folder)
{
    private readonly string _bundle = Path.Combine(folder, info.Name + ".kext");
    private readonly string _dsym = Path.Combine(folder, info.Name + ".kext.dSYM");
    private readonly string _stampFile = Path.Combine(folder, ".stamps", "kext");

    private string Subject => $"The kext {info.Name} was not made in {folder}";

    public async Task<Kext> RunAsync(KextLink link, string variant, CompilerOutput output, CancellationToken cancellationToken)
    {
        // Another KextDev may link otherwise.
        var subject = $"{typeof(KextLinker).Module.ModuleVersionId} {toolchain.CompilerVersion} {configuration} "
            + $"{string.Join(' ', extension.Releases)} {PlistWriter.WriteXml(info.ToPlist())}";
        var inputs = link.Objects.Concat(link.Library).Select(made => made.Path).ToList();
        string[] outputs =
        [
            Path.Combine(_bundle, "Contents", "MacOS", info.ExecutableName),
            Path.Combine(_bundle, "Contents", "Info.plist"),
            Path.Combine(_dsym, "Contents", "Resources", "DWARF", info.ExecutableName),
        ];
        string Stamp() => BuildStamp.Make(subject, inputs.Concat(outputs));
        if (BuildStamp.Read(_stampFile) != Stamp())
        {
            File.Delete(_stampFile);
            await MakeAsync(link, output, cancellationToken);
            BuildStamp.Write(_stampFile, Stamp());
        }

        var uuid = MachOReader.Read(await File.ReadAllBytesAsync(outputs[0], cancellationToken), outputs[0]).File?.Uuid
            ?? throw new InfrastructureException($"{Subject}: {outputs[0]} has no UUID. Delete the folder and build again.");
        return new Kext(_bundle, _dsym, info, variant, configuration, uuid);
    }

    private async Task MakeAsync(KextLink link, CompilerOutput output, CancellationToken cancellationToken)
    {
        if (!await toolchain.LinkAsync(link, line => output.Add([line]), cancellationToken))
        {
            throw output.Failure($"{Subject}: it does not link.", []);
        }

        var linked = await File.ReadAllBytesAsync(link.Output, cancellationToken);
        var reading = MachOReader.Read(linked, link.Output);
        var file = reading.File ?? throw new InfrastructureException(
            $"{Subject}: the linker made a file that cannot be read ({string.Join("; ", reading.Diagnostics)}). Delete {folder} and build again.");
        if (ImportCheck.Run(extension, file, [.. link.Objects, .. link.Library]) is { Count: > 0 } undefined)
        {
            output.Add(undefined);
            throw output.Failure($"{Subject}: symbols are undefined.", []);
        }

        await MakeDsymAsync(link, output, cancellationToken);
        KextBundle.Create(folder, info, await ExecutableAsync(link, linked, cancellationToken));
        foreach (var command in toolchain.Finish(_bundle))
        {
            await command.RunAsync(cancellationToken);
        }
    }

    private async Task MakeDsymAsync(KextLink link, CompilerOutput output, CancellationToken cancellationToken)
    {
        if (Directory.Exists(_dsym))
        {
            Directory.Delete(_dsym, recursive: true);
        }

        var result = await toolchain.MakeDsym(link.Output, _dsym).RunAsync(cancellationToken);
        output.Add((result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private async Task<byte[]> ExecutableAsync(KextLink link, byte[] linked, CancellationToken cancellationToken)
    {
        if (configuration == BuildConfiguration.Debug)
        {
            return linked;
        }

        var stripped = link.Output + ".stripped";
        await toolchain.StripAsync(link, stripped, cancellationToken);
        return await File.ReadAllBytesAsync(stripped, cancellationToken);
    }
}
