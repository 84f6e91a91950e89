using KextDev.Guests.Vmware;
using Nuke.Common;
using Serilog;

internal interface IVmConfigure : IKextDevBuild
{
    [Parameter("VmConfigure lets the guest see this folder of the host, read-only.")]
    string? ShareFolder => TryGetValue(() => ShareFolder);

    Target VmConfigure => _ => _
        .Description("Makes a VMware guest's machine fit for tests and debuggers: unattended start, serial console, debug stub on loopback, network card. Shows the change to its .vmx file, asks, keeps a backup.")
        .Executes(() => WorkAsync(async token =>
        {
            var definition = FindGuests(LoadProject())[0];
            var setup = new MachineSetup(definition, ShareFolder, Site);
            if (setup.Difference.Count == 0)
            {
                Log.Information("{Vmx} is as it shall be", definition.VmxFile);
                return;
            }

            foreach (var line in setup.Difference)
            {
                Console.WriteLine(line);
            }

            if (!Agree($"Change {definition.VmxFile} so?"))
            {
                throw new TargetFailedException($"{definition.VmxFile} was not changed. Answer yes, or give --yes");
            }

            Log.Information("{Vmx} was changed; as it was it is kept in {Backup}", definition.VmxFile, await setup.ApplyAsync(token));
        }));
}
