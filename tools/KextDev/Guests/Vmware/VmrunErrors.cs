namespace KextDev.Guests.Vmware;

/// <summary>vmrun's error texts, and what to do about each. More than one form of a text was seen: the words that they share tell.</summary>
internal static class VmrunErrors
{
    private const string Prefix = "Error:";

    // The first that matches counts: the special stand before the general.
    private static readonly (string Words, VmrunFailure Failure, string WayOut)[] Known =
    [
        ("Incorrect password", VmrunFailure.WrongMachinePassword,
            $"Put the password that the machine is encrypted with into {VmwarePasswords.MachineVariable}."),
        ("A password is required", VmrunFailure.MachinePasswordNeeded,
            $"The machine is encrypted: put its password into {VmwarePasswords.MachineVariable}."),
        ("The virtual machine cannot be found", VmrunFailure.NoSuchMachine, "Check \"vmx\" in the guest's definition."),
        ("Cannot read the virtual machine configuration file", VmrunFailure.UnreadableMachine,
            "Open the machine in VMware once, which tells what is wrong with its .vmx file."),
        ("unknown file suffix", VmrunFailure.NotAMachine, "\"vmx\" in the guest's definition names the .vmx file itself, which lies in the machine's folder or .vmwarevm bundle."),
        ("is not powered on", VmrunFailure.NotRunning, "Start it: ./build.sh VmUp."),
        ("should not be powered on", VmrunFailure.AlreadyRunning, "Stop it first: ./build.sh VmDown, or in VMware."),
        ("VMware Tools are not running", VmrunFailure.NoTools,
            "Install VMware Tools in the guest (Virtual Machine > Install VMware Tools), and wait until its system has booted."),
        ("The snapshot does not exist", VmrunFailure.NoSuchSnapshot, "Take it in VMware, or correct \"snapshot\" in the guest's definition."),
        ("Invalid snapshot name", VmrunFailure.NoSuchSnapshot, "Take it in VMware, or correct \"snapshot\" in the guest's definition."),
        ("A snapshot with the name already exists", VmrunFailure.SnapshotExists, "Choose another name, or delete the one there is in VMware."),
        ("Insufficient permissions in the host operating system", VmrunFailure.NoHostPermission,
            "The machine's files belong to another user: give them to the one who runs this, or run as that user."),
        ("Invalid user name or password for the guest OS", VmrunFailure.WrongGuestPassword,
            $"Put the guest user's password into {VmwarePasswords.GuestVariable}; the user is \"user\" in the guest's definition."),
        ("Anonymous guest operations are not allowed", VmrunFailure.GuestPasswordNeeded,
            $"Put the guest user's password into {VmwarePasswords.GuestVariable}; the user is \"user\" in the guest's definition."),
        ("The virtual machine is paused", VmrunFailure.Paused, "Resume it in VMware."),
        ("The operation is not supported", VmrunFailure.NotSupported, "VMware Player takes no snapshots and makes no clones; Fusion and Workstation do."),
        ("A file was not found", VmrunFailure.NoSuchFile, "A disk or another part of the machine is missing: open it in VMware, which names the file."),
        ("Unable to get the IP address", VmrunFailure.NoAddress, "Look at the guest's screen: has its system booted, and has it a network?"),
        ("Cannot connect to the virtual machine", VmrunFailure.NoConnection, "Close the machine's window in VMware and try again; a restart of VMware's services helps, too."),
        ("The operation was canceled", VmrunFailure.Canceled, "VMware may have asked something in a window: start the machine there once, or set msg.autoAnswer = \"TRUE\" in its .vmx file."),
        ("Guest program exited with non-zero exit code", VmrunFailure.GuestProgramFailed, "The program itself failed in the guest."),
        ("The file is already in use", VmrunFailure.FileInUse, "Another VMware product or user has the machine open: close it there. Where nobody has, remove the .lck folders beside its .vmx file."),
    ];

    /// <summary>What went wrong; null when nothing did. vmrun prints errors on standard output, and has been seen to do so with exit code 0.</summary>
    public static (VmrunFailure Failure, string Words, string WayOut)? Find(int exitCode, string output, string error)
    {
        var said = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(line => line.StartsWith(Prefix, StringComparison.Ordinal));
        if (said is null && exitCode == 0)
        {
            return null;
        }

        var words = said is not null ? said[Prefix.Length..].Trim() : $"{output.Trim()} {error.Trim()}".Trim();
        foreach (var (known, failure, wayOut) in Known)
        {
            if (words.Contains(known, StringComparison.OrdinalIgnoreCase))
            {
                return (failure, words, wayOut);
            }
        }

        return (VmrunFailure.Unknown, words.Length > 0 ? words : $"nothing, but its exit code was {exitCode}",
            "This text is not known to KextDev: try the same command in a terminal, and look at vmware.log beside the .vmx file.");
    }
}
