using System.Text.Json;

namespace VmrunStandIn;

/// <summary>The saved states of one machine, in a folder beside its .vmx file.</summary>
internal sealed class Snapshots
{
    private readonly Machine _machine;
    private readonly string _folder;
    private Record _record;

    public Snapshots(Machine machine)
    {
        _machine = machine;
        _folder = machine.Vmx + ".snapshots";
        _record = File.Exists(RecordFile) ? JsonSerializer.Deserialize<Record>(File.ReadAllText(RecordFile))! : new Record([], null, null, []);
    }

    public IReadOnlyList<string> Names => _record.Names;

    /// <summary>State that the next start goes on from; null when it boots.</summary>
    public string? Resume => _record.Resume;

    private string RecordFile => Path.Combine(_folder, "record.json");

    public void Take(string name)
    {
        if (Names.Contains(name))
        {
            throw new VmrunError("A snapshot with the name already exists");
        }

        var own = Own(Names.Count);
        Directory.CreateDirectory(own);
        if (_machine.IsRunning)
        {
            using var qmp = new Qmp(Host.File(_machine.Vmx, "qmp"));
            Machine.Save(Path.Combine(own, "memory"), qmp);
            CopyDisks(own, back: false);
            qmp.Run("cont");
        }
        else
        {
            CopyDisks(own, back: false);
        }

        Write(_record with { Names = [.. Names, name], Current = name });
    }

    public void Revert(string name)
    {
        var own = Own(Find(name));
        if (_machine.IsRunning)
        {
            _machine.Quit();
        }

        CopyDisks(own, back: true);
        var memory = Path.Combine(own, "memory");
        Write(_record with { Resume = File.Exists(memory) ? memory : null, Current = name });
    }

    public void Suspend()
    {
        Directory.CreateDirectory(_folder);
        var memory = Path.Combine(_folder, "suspended");
        using (var qmp = new Qmp(Host.File(_machine.Vmx, "qmp")))
        {
            Machine.Save(memory, qmp);
        }

        _machine.Quit();
        Write(_record with { Resume = memory });
    }

    /// <summary>Remembers a machine whose disks build on this one's.</summary>
    public void AddClone(string name, string vmx) => Write(_record with { Clones = [.. _record.Clones, new Clone(name, vmx)] });

    public void Delete()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }

        File.Delete(ListFile);
    }

    public void Resumed() => Write(_record with { Resume = null });

    /// <exception cref="VmrunError">There is none of this name.</exception>
    public int Find(string name) =>
        Names.ToList().IndexOf(name) is >= 0 and var index ? index : throw new VmrunError("The snapshot does not exist");

    private string ListFile => Path.ChangeExtension(_machine.Vmx, ".vmsd");

    private string Own(int number) => Path.Combine(_folder, $"{number}");

    private void CopyDisks(string own, bool back)
    {
        foreach (var (device, file) in _machine.Disks)
        {
            var saved = Path.Combine(own, device.Replace(':', '-') + ".vmdk");
            File.Copy(back ? saved : file, back ? file : saved, overwrite: true);
        }
    }

    private void Write(Record record)
    {
        Directory.CreateDirectory(_folder);
        _record = record;
        File.WriteAllText(RecordFile, JsonSerializer.Serialize(record));
        File.WriteAllLines(ListFile, List());
    }

    // As VMware keeps it: the syntax of a .vmx file.
    private IEnumerable<string> List()
    {
        yield return ".encoding = \"UTF-8\"";
        yield return $"snapshot.lastUID = \"{Names.Count}\"";
        yield return $"snapshot.numSnapshots = \"{Names.Count}\"";
        yield return $"snapshot.current = \"{(_record.Current is null ? 0 : Find(_record.Current) + 1)}\"";
        for (var number = 0; number < Names.Count; number++)
        {
            var clones = _record.Clones.Where(clone => clone.Snapshot == Names[number]).ToList();
            yield return $"snapshot{number}.uid = \"{number + 1}\"";
            yield return $"snapshot{number}.displayName = \"{Names[number]}\"";
            yield return $"snapshot{number}.numClones = \"{clones.Count}\"";
            for (var clone = 0; clone < clones.Count; clone++)
            {
                yield return $"snapshot{number}.clone{clone} = \"{clones[clone].Vmx}\"";
            }
        }
    }

    private sealed record Clone(string Snapshot, string Vmx);

    private sealed record Record(IReadOnlyList<string> Names, string? Resume, string? Current, IReadOnlyList<Clone> Clones);
}
