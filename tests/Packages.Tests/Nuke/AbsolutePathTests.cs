using Nuke.Common.IO;

namespace Packages.Tests.Nuke;

public sealed class AbsolutePathTests : IDisposable
{
    private readonly AbsolutePath _folder = Directory.CreateTempSubdirectory("absolute-path-").FullName;

    public void Dispose() => _folder.DeleteDirectory();

    [Fact]
    public void Joins_and_normalizes()
    {
        AbsolutePath root = "/a/b/";
        (root / "c" / ".." / "d.txt").ToString().ShouldBe("/a/b/d.txt");
        (root + ".bak").ToString().ShouldBe("/a/b.bak");
        (root / "d.tar.gz").Name.ShouldBe("d.tar.gz");
        (root / "d.tar.gz").NameWithoutExtension.ShouldBe("d.tar");
        (root / "d.tar.gz").Extension.ShouldBe(".gz");
        root.Parent.ShouldBe((AbsolutePath)"/a");
    }

    [Fact]
    public void Has_no_parent_above_the_root() => AbsolutePath.Create("/").Parent.ShouldBeNull();

    [Fact]
    public void Equals_a_path_that_is_written_differently()
    {
        ((AbsolutePath)"/a/b" == (AbsolutePath)"/a/x/../b").ShouldBeTrue();
        ((AbsolutePath)"/a/b" != (AbsolutePath)"/a/B").ShouldBeTrue();
    }

    [Fact]
    public void Refuses_a_relative_path() => Should.Throw<ArgumentException>(() => (AbsolutePath)"a/b").Message.ShouldContain("a/b");

    [Fact]
    public void Writes_and_reads_a_file_in_a_folder_that_did_not_exist()
    {
        var file = _folder / "new" / "file.txt";
        file.FileExists().ShouldBeFalse();
        file.WriteAllText("text");
        file.FileExists().ShouldBeTrue();
        file.ReadAllText().ShouldBe("text\n");
        file.DeleteFile();
        file.FileExists().ShouldBeFalse();
        file.DeleteFile();
    }

    [Fact]
    public void Empties_and_removes_a_folder()
    {
        var folder = (_folder / "sub").CreateDirectory();
        (folder / "file").WriteAllText("x");
        folder.CreateOrCleanDirectory();
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        folder.DeleteDirectory();
        folder.DirectoryExists().ShouldBeFalse();
        folder.DeleteDirectory();
    }

    [Fact]
    public void Finds_files_and_folders_by_patterns()
    {
        (_folder / "a" / "one.cs").WriteAllText("");
        (_folder / "a" / "b" / "two.cs").WriteAllText("");
        (_folder / "a" / "b" / "three.txt").WriteAllText("");
        _folder.GlobFiles("**/*.cs").Select(path => path.Name).ShouldBe(["one.cs", "two.cs"], ignoreOrder: true);
        _folder.GlobFiles("a/*.cs", "a/b/*.txt").Select(path => path.Name).ShouldBe(["one.cs", "three.txt"], ignoreOrder: true);
        _folder.GlobDirectories("**/b").ShouldBe([_folder / "a" / "b"]);
    }
}
