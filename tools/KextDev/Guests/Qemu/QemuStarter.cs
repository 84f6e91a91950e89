using KextDev.Guests.Images;
using KextDev.Projects;

namespace KextDev.Guests.Qemu;

/// <summary>Brings a machine of one definition to the point where it answers: joins a kept one, or launches one.</summary>
internal sealed partial class QemuStarter(GuestDefinition definition, GuestSite site, BootImage image, GuestKeys keys)
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(15);

    private readonly KvmProof _kvm = new(site.State.Cache);

    /// <summary>A kept machine is joined only when it is what would be launched.</summary>
    private string Identity =>
        string.Join(' ', [image.Key, definition.Memory, definition.Cpus, definition.Port, definition.Accelerator, .. definition.InitArguments]);

    /// <summary>True once a kept machine was found dead and ended: the next one is to take its place.</summary>
    public bool ReplacesKept { get; private set; }

    /// <summary>As <see cref="IExpected"/> says.</summary>
    public Action<GuestEndpoint?>? Expected { get; init; }

    /// <summary>Null when there is no kept machine that is free, of the same image, and alive.</summary>
    public async Task<QemuMachine?> JoinAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in QemuFolder.All(site.State).Where(folder => folder.IsOf(definition.Name) && folder.ReadState() is { Kept: true }))
        {
            if (FolderLock.TryTake(folder.Path) is not { } held)
            {
                site.Note($"The kept guest {folder.Name} is in use by {FolderLock.Holder(folder.Path)}: not joined.");
            }
            else if (await JoinAsync(folder, held, cancellationToken) is { } machine)
            {
                return machine;
            }
        }

        return null;
    }

    public async Task<QemuMachine> LaunchAsync(CancellationToken cancellationToken)
    {
        if (ChooseAccelerator() is { } chosen)
        {
            return await StartAsync(chosen, cancellationToken);
        }

        string failure;
        try
        {
            return await BootAsync(Accelerator.Kvm, cancellationToken, prove: true);
        }
        catch (KvmFailedException exception)
        {
            failure = exception.Message;
        }

        site.Note($"KVM is not used: {failure}. Guests run under TCG, which is slower; remembered until the next boot of this host.");
        var machine = await StartAsync(Accelerator.Tcg, cancellationToken);

        // Only now is it sure that KVM was what failed.
        _kvm.Remember(failure);
        return machine;
    }

    // The lock becomes the machine's, or is released.
    private async Task<QemuMachine?> JoinAsync(QemuFolder folder, FolderLock held, CancellationToken cancellationToken)
    {
        QemuMachine? machine = null;
        var joined = false;
        try
        {
            if (folder.ReadState() is { Kept: true } state && folder.FindProcess() is { } process)
            {
                if (state.Identity == Identity)
                {
                    machine = await QemuMachine.AttachAsync(held, folder, process, state, cancellationToken);
                    await new GuestAnswer(machine, JoinLimit, definition.File, site.Clock).WaitAgainAsync(cancellationToken);
                    joined = true;
                    return machine;
                }

                site.Note($"The kept guest {folder.Name} was made from another definition or image: not joined. ./build.sh VmDown ends it.");
            }
        }
        catch (InfrastructureException exception)
        {
            site.Note($"The kept guest {folder.Name} answers no longer and is replaced: {exception.Message.Split('\n')[0]}");
            await QemuMachine.EndAsync(folder, cancellationToken);
            ReplacesKept = true;
        }
        finally
        {
            if (machine is not null && !joined)
            {
                await machine.DisposeAsync();
            }

            if (!joined)
            {
                held.Dispose();
            }
        }

        return null;
    }

    // Null when KVM has yet to be tried.
    private Accelerator? ChooseAccelerator()
    {
        if (definition.Accelerator != Accelerator.Auto)
        {
            return definition.Accelerator;
        }

        if (KvmProof.Obstacle() is { } obstacle)
        {
            site.Note($"KVM is not used: {obstacle}. Guests run under TCG, which is slower.");
            return Accelerator.Tcg;
        }

        if (_kvm.Recall() is not { } answer)
        {
            return null;
        }

        if (answer.Failure is null)
        {
            return Accelerator.Kvm;
        }

        site.Note($"KVM is not used: {answer.Failure} (remembered). Guests run under TCG, which is slower.");
        return Accelerator.Tcg;
    }

    private Task<QemuMachine> StartAsync(Accelerator accelerator, CancellationToken cancellationToken) =>
        site.Cold ? BootAsync(accelerator, cancellationToken) : StartWarmAsync(accelerator, cancellationToken);

    private async Task<QemuMachine> BootAsync(Accelerator accelerator, CancellationToken cancellationToken, bool prove = false)
    {
        QemuMachine machine;
        try
        {
            machine = await LaunchAsync(accelerator, memory: null, "", cancellationToken);
        }
        catch (InfrastructureException exception) when (prove)
        {
            throw new KvmFailedException($"QEMU runs no guest under it ({Oneline(exception.Message)})", exception);
        }

        try
        {
            if (prove)
            {
                await ProveAsync(machine, cancellationToken);
            }

            await new GuestAnswer(machine, TimeSpan.FromSeconds(definition.StartLimit), definition.File, site.Clock).WaitAsync(cancellationToken);
            return machine;
        }
        catch
        {
            await EndAsync(machine);
            throw;
        }
    }

    private Task<QemuMachine> LaunchAsync(Accelerator accelerator, MemoryFile? memory, string consoleHeading, CancellationToken cancellationToken)
    {
        var (folder, held) = TakeFreeFolder();
        var line = CommandLine(accelerator, folder, site.ConsoleFile ?? folder.ConsoleFile, QmpSocket.Choose(folder.Path)) with { MemoryFile = memory };
        return QemuMachine.LaunchAsync(held, line, keys, Identity, consoleHeading, cancellationToken);
    }

    private QemuCommandLine CommandLine(Accelerator accelerator, QemuFolder folder, string consoleFile, string qmpSocket) =>
        new(image, accelerator, definition.Memory, definition.Cpus, definition.Port, folder, consoleFile, qmpSocket)
        {
            InitArguments = definition.InitArguments,
            HasKdpPort = definition.Platform == GuestPlatform.Darwin,
        };

    private static async Task EndAsync(QemuMachine machine)
    {
        await machine.EndAsync(CancellationToken.None);
        await machine.DisposeAsync();
    }

    private async Task ProveAsync(QemuMachine machine, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(KvmProof.Limit);
        var printed = machine.Console.WaitForFirstByteAsync(limit.Token);
        try
        {
            if (await Task.WhenAny(printed, machine.Qmp.Closed) != printed)
            {
                await limit.CancelAsync();
                throw new KvmFailedException("QEMU died when a guest was to run under it");
            }

            await printed;
            _kvm.Remember(failure: null);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KvmFailedException($"/dev/kvm opens, but a guest printed nothing under it within {KvmProof.Limit.TotalSeconds:0} s", exception);
        }
    }

    private (QemuFolder Folder, FolderLock Held) TakeFreeFolder()
    {
        foreach (var folder in QemuFolder.Of(definition.Name, site.State))
        {
            if (FolderLock.TryTake(folder.Path) is { } held)
            {
                if (folder.FindProcess() is null)
                {
                    folder.Forget();
                    return (folder, held);
                }

                held.Dispose();
            }
        }

        throw new InvalidOperationException("The folders of a definition have no end.");
    }

    private static string Oneline(string message) =>
        string.Join(' ', message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(3));

    private sealed class KvmFailedException(string message, Exception? cause = null) : Exception(message, cause);
}
