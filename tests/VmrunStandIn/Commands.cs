using System.Text.RegularExpressions;

namespace VmrunStandIn;

/// <summary>vmrun's verbs.</summary>
internal sealed class Commands(CommandLine line)
{
    public void Run()
    {
        if (line.Verb == "list")
        {
            var running = Host.Running();
            Console.WriteLine($"Total running VMs: {running.Count}");
            Print(running);
            return;
        }

        var machine = Open(line.Vmx!);
        new Behaviour(machine.Vmx).Apply(line.Verb);
        switch (line.Verb)
        {
            case "start":
                Start(machine);
                break;
            case "stop":
                Stop(machine);
                break;
            case "suspend":
                RequireRunning(machine);
                new Snapshots(machine).Suspend();
                break;
            case "snapshot" or "revertToSnapshot" or "listSnapshots" or "clone" when line.Type == "player":
                throw new VmrunError("The operation is not supported");
            case "snapshot":
                new Snapshots(machine).Take(Argument(0));
                break;
            case "revertToSnapshot":
                new Snapshots(machine).Revert(Argument(0));
                break;
            case "listSnapshots":
                var names = new Snapshots(machine).Names;
                Console.WriteLine($"Total snapshots: {names.Count}");
                Print(names);
                break;
            case "clone":
                Clone(machine);
                break;
            case "deleteVM":
                Delete(machine);
                break;
            case "checkToolsState":
                Console.WriteLine(Tools(machine));
                break;
            case "getGuestIPAddress":
                GiveAddress(machine);
                break;
            case "captureScreen":
                CaptureScreen(machine);
                break;
            default:
                throw new UsageError($"Unrecognized command: {line.Verb}");
        }
    }

    private static void Print(IEnumerable<string> lines)
    {
        foreach (var text in lines)
        {
            Console.WriteLine(text);
        }
    }

    private static void RequireRunning(Machine machine)
    {
        if (!machine.IsRunning)
        {
            throw new VmrunError($"The virtual machine is not powered on: {machine.Vmx}");
        }
    }

    private static string Tools(Machine machine) =>
        !machine.IsRunning ? "unknown" : new Behaviour(machine.Vmx).Tools ?? (machine.AnswersOnSsh() ? "running" : "installed");

    private static void RequireTools(Machine machine)
    {
        if (Tools(machine) != "running")
        {
            throw new VmrunError($"The VMware Tools are not running in the virtual machine: {machine.Vmx}");
        }
    }

    private Machine Open(string vmx)
    {
        if (!vmx.EndsWith(".vmx", StringComparison.OrdinalIgnoreCase))
        {
            throw new VmrunError($"Cannot open VM: {vmx}, unknown file suffix");
        }

        if (!File.Exists(vmx))
        {
            throw new VmrunError($"Cannot open VM: {vmx}, The virtual machine cannot be found");
        }

        var machine = new Machine(vmx);
        return machine.Configuration["encryption.keySafe"] is null || line.MachinePassword == machine.Configuration["standIn.password"]
            ? machine
            : throw new VmrunError($"Cannot open VM: {vmx}, Incorrect password");
    }

    private string Argument(int index) => index < line.Arguments.Length ? line.Arguments[index] : throw new UsageError($"{line.Verb}: a parameter is missing.");

    private static void Start(Machine machine)
    {
        if (machine.IsRunning)
        {
            throw new VmrunError("The virtual machine should not be powered on. It is already running.");
        }

        var snapshots = new Snapshots(machine);
        machine.Start(snapshots.Resume);
        if (snapshots.Resume is not null)
        {
            snapshots.Resumed();
        }
    }

    private void Stop(Machine machine)
    {
        RequireRunning(machine);
        if (line.Arguments.Contains("soft"))
        {
            RequireTools(machine);
        }

        machine.Quit();
    }

    private void GiveAddress(Machine machine)
    {
        RequireRunning(machine);
        if (new Behaviour(machine.Vmx).Address is { } told)
        {
            Console.WriteLine(told);
            return;
        }

        if (line.Arguments.Contains("-wait"))
        {
            WaitForTools(machine);
        }
        else if (Tools(machine) != "running")
        {
            throw new VmrunError("Unable to get the IP address");
        }

        Console.WriteLine(machine.Address);
    }

    // One look begins beside another that waits: what was connected before the guest had a network may never be answered.
    private static void WaitForTools(Machine machine)
    {
        var looks = new List<Task<string>>();
        while (!looks.Any(look => look is { IsCompletedSuccessfully: true, Result: "running" }))
        {
            RequireRunning(machine);
            looks.RemoveAll(look => look.IsCompleted);
            looks.Add(Task.Run(() => Tools(machine)));
            Task.WaitAny([.. looks], TimeSpan.FromSeconds(1));
            Thread.Sleep(100);
        }
    }

    private void CaptureScreen(Machine machine)
    {
        RequireRunning(machine);
        RequireTools(machine);
        if (line.GuestUser is null || line.GuestPassword is null)
        {
            throw new VmrunError(
                "Anonymous guest operations are not allowed on this virtual machine. You must call VixVM_LoginInGuest before performing guest operations");
        }

        if (line.GuestUser != machine.Configuration["standIn.guestUser"] || line.GuestPassword != machine.Configuration["standIn.guestPassword"])
        {
            throw new VmrunError("Invalid user name or password for the guest OS");
        }

        using var qmp = new Qmp(Host.File(machine.Vmx, "qmp"));
        qmp.Run("screendump", new { filename = Path.GetFullPath(Argument(0)), format = "png" });
    }

    private static void Delete(Machine machine)
    {
        if (machine.IsRunning)
        {
            throw new VmrunError($"The virtual machine should not be powered on. It is already running.");
        }

        foreach (var (_, file) in machine.Disks)
        {
            File.Delete(file);
        }

        new Snapshots(machine).Delete();
        File.Delete(machine.Vmx);
        var folder = Path.GetDirectoryName(machine.Vmx)!;
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }

    private void Clone(Machine source)
    {
        var target = Path.GetFullPath(Argument(0));
        var snapshot = line.Arguments.FirstOrDefault(word => word.StartsWith("-snapshot=", StringComparison.Ordinal))?["-snapshot=".Length..];
        var name = line.Arguments.FirstOrDefault(word => word.StartsWith("-cloneName=", StringComparison.Ordinal))?["-cloneName=".Length..];
        if (snapshot is not null && !new Snapshots(source).Names.Contains(snapshot))
        {
            throw new VmrunError($"Invalid snapshot name '{snapshot}'");
        }

        if (snapshot is null && source.IsRunning)
        {
            throw new VmrunError("The virtual machine should not be powered on. It is already running.");
        }

        var folder = Directory.CreateDirectory(Path.GetDirectoryName(target)!).FullName;
        var own = File.ReadLines(source.Vmx)
            .Where(text => !Regex.IsMatch(text, @"^\s*(ethernet0\.(generatedAddress|addressType)|displayName)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
            .ToList();
        foreach (var (device, file) in source.Disks)
        {
            var clone = $"{device.Replace(':', '-')}.vmdk";
            var parent = snapshot is null ? file : Path.Combine(source.Vmx + ".snapshots", $"{new Snapshots(source).Find(snapshot)}", clone);
            var linked = Argument(1) == "linked";
            var error = linked
                ? Machine.Execute("qemu-img", ["create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", parent, Path.Combine(folder, clone)])
                : Machine.Execute("qemu-img", ["convert", "-O", "vmdk", parent, Path.Combine(folder, clone)]);
            if (error is not null)
            {
                throw new VmrunError($"The disk {parent} could not be cloned: {error}");
            }

            own.RemoveAll(text => text.TrimStart().StartsWith($"{device}.fileName", StringComparison.OrdinalIgnoreCase));
            own.Add($"{device}.fileName = \"{clone}\"");
        }

        if (snapshot is not null && Argument(1) == "linked")
        {
            new Snapshots(source).AddClone(snapshot, target);
        }

        File.WriteAllLines(target, [.. own, $"displayName = \"{name ?? Path.GetFileNameWithoutExtension(target)}\""]);
    }
}
