using KextDev.Processes;
using KextDev.Provisioning;

namespace KextDev.Tests.Provisioning;

/// <summary>The scripts that make a machine a guest, on systems that are folders.</summary>
public sealed class ProvisionScriptTests
{
    private static readonly string[] Steps = ["key", "sudo", "sshd", "hostname", "sleep", "updates", "crashes", "folders", "kdk", "tools", "share"];

    [Theory]
    [InlineData("linux.sh")]
    [InlineData("darwin.sh")]
    [InlineData("steps.sh")]
    public async Task Shellcheck_has_nothing_to_say(string script)
    {
        var result = await new HostCommand("shellcheck", "-x", Path.Combine(Repository.Root, "vm", "provision", script)).TryRunAsync(CancellationToken.None);

        (result.Output + result.Error).ShouldBeEmpty();
        result.ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("10.13")]
    [InlineData("11")]
    public async Task A_second_run_on_macOS_changes_nothing(string release)
    {
        using var mac = Mac();
        mac.Be(release);
        var kit = mac.Write("tmp/Kernel_Debug_Kit.dmg", "a kit");
        string[] options = ["--user", "me", "--key", ProvisionedSystem.Key, "--sudo", "me", "--hostname", "test.mac", "--kdk", kit, "--vmware"];

        var first = await mac.RunAsync(options);

        first.Select(step => step.Name).ShouldBe(Steps);
        first.Where(step => step.Outcome != ProvisionOutcome.Changed).Select(step => step.Name).ShouldBe(["tools", "share"]);
        mac.Read("Users/me/.ssh/authorized_keys").ShouldBe(ProvisionedSystem.Key + "\n");
        Mode(mac.Root("Users/me/.ssh/authorized_keys")).ShouldBe("600");
        mac.Read("private/etc/sudoers.d/kextdev").ShouldContain("me ALL=(root) NOPASSWD: /sbin/kextload, /sbin/kextunload, ");
        Mode(mac.Root("private/etc/sudoers.d/kextdev")).ShouldBe("440");
        mac.Read("private/etc/ssh/sshd_config").ShouldEndWith("# kextdev end\nPermitRootLogin no\n");
        mac.Changes().ShouldContain("scutil --set LocalHostName test-mac");
        mac.Changes().ShouldContain("systemsetup -f -setremotelogin on");
        mac.Changes().ShouldContain("pmset -a sleep 0");
        mac.Changes().ShouldContain("installer -pkg KernelDebugKit.pkg");
        var changes = mac.Changes();

        var second = await mac.RunAsync(options);

        second.Where(step => step.Outcome != ProvisionOutcome.Done).ShouldBeEmpty();
        mac.Changes().ShouldBe(changes);
    }

    [Fact]
    public async Task A_second_run_on_Linux_changes_nothing()
    {
        using var linux = Linux();
        string[] options = ["--user", "root", "--key", ProvisionedSystem.Key, "--sudo", "me", "--hostname", "test", "--vmware"];

        var first = await linux.RunAsync(options);
        linux.Read("etc/sudoers.d/kextdev").ShouldContain("/usr/sbin/shutdown, /bin/mkdir -p /etc/default/grub.d, ");

        first.Select(step => step.Name).ShouldBe(Steps);
        first.Where(step => step.Outcome != ProvisionOutcome.Changed).Select(step => step.Name).ShouldBe(["kdk", "tools"]);
        linux.Read("root/.ssh/authorized_keys").ShouldBe(ProvisionedSystem.Key + "\n");
        linux.Read("etc/ssh/sshd_config").ShouldContain("PermitRootLogin without-password\n");
        linux.Read("proc/sys/kernel/core_pattern").ShouldBe("/var/crash/core.%e.%p\n");
        linux.Changes().ShouldContain("systemctl mask --now sleep.target");
        linux.Changes().ShouldContain("systemctl reload ssh");
        var changes = linux.Changes();

        var second = await linux.RunAsync(options);

        second.Where(step => step.Outcome != ProvisionOutcome.Done).ShouldBeEmpty();
        linux.Changes().ShouldBe(changes);
    }

    [Fact]
    public async Task What_drifted_is_set_right_again_and_only_that()
    {
        using var mac = Mac();
        string[] options = ["--user", "me", "--key", ProvisionedSystem.Key, "--sudo", "me"];
        await mac.RunAsync(options);
        mac.WriteState("displaysleep", "10\n");
        File.SetUnixFileMode(mac.Root("Users/me/.ssh/authorized_keys"), (UnixFileMode)0b110_100_100);

        var steps = await mac.RunAsync(options);

        steps.Where(step => step.Outcome == ProvisionOutcome.Changed).Select(step => $"{step.Name}: {step.Words}")
            .ShouldBe(["key: /Users/me/.ssh/authorized_keys is its user's alone", "sleep: displaysleep is off"]);
    }

    [Fact]
    public async Task Keys_and_settings_of_others_stay()
    {
        using var mac = Mac();
        mac.Write("Users/me/.ssh/authorized_keys", "ssh-rsa AAAAanother somebody@else");

        await mac.RunAsync("--user", "me", "--key", ProvisionedSystem.Key);

        mac.Read("Users/me/.ssh/authorized_keys").ShouldBe($"ssh-rsa AAAAanother somebody@else\n{ProvisionedSystem.Key}\n");
        mac.Read("private/etc/ssh/sshd_config").ShouldContain("PermitRootLogin no\n");
        mac.Read("private/etc/ssh/sshd_config").ShouldNotContain("without-password");
    }

    [Theory]
    [InlineData("darwin")]
    [InlineData("linux")]
    public async Task A_configuration_that_its_program_refuses_is_not_put_in_place(string system)
    {
        using var machine = system == "darwin" ? Mac() : Linux();
        var config = system == "darwin" ? "private/etc/ssh/sshd_config" : "etc/ssh/sshd_config";
        machine.Write(config, "NoSuchKeyword yes\n");

        var steps = await machine.RunAsync("--user", "root", "--key", ProvisionedSystem.Key);

        var refused = steps.Single(step => step.Outcome == ProvisionOutcome.Failed);
        refused.Name.ShouldBe("sshd");
        refused.Words.ShouldContain("Bad configuration option");
        machine.Read(config).ShouldBe("NoSuchKeyword yes\n");
        Directory.GetFiles(Path.GetDirectoryName(machine.Root(config))!).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_link_that_a_user_made_leads_root_nowhere()
    {
        using var mac = Mac();
        var victim = mac.Write("private/etc/victim", "root's own\n");
        Directory.CreateDirectory(mac.Root("Users/me/.ssh"));
        File.CreateSymbolicLink(mac.Root("Users/me/.ssh/authorized_keys"), victim);

        var steps = await mac.RunAsync("--user", "me", "--key", ProvisionedSystem.Key);

        steps[0].ShouldBe(new ProvisionStep("key", ProvisionOutcome.Failed, "/Users/me/.ssh is a link, and is not followed"));
        mac.Read("private/etc/victim").ShouldBe("root's own\n");
    }

    [Theory]
    [InlineData("--user", "me;reboot")]
    [InlineData("--user", "me ALL=(ALL) NOPASSWD: ALL")]
    [InlineData("--user")]
    [InlineData("--hostname", "a b", "--user", "me")]
    [InlineData("--no-such-option")]
    public async Task Options_that_make_no_sense_are_refused_before_anything_is_done(params string[] options)
    {
        using var mac = Mac();

        var result = await mac.RunScriptAsync(options);

        result.ExitCode.ShouldBe(64);
        result.Output.ShouldBeEmpty();
        mac.Changes().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_kit_that_cannot_be_installed_is_tried_again_by_the_next_run()
    {
        using var mac = Mac();
        var kit = mac.Write("tmp/kit.pkg", "a kit");
        mac.WriteState("installer-fails", "");
        string[] options = ["--user", "me", "--kdk", kit];

        (await mac.RunAsync(options)).Single(step => step.Outcome == ProvisionOutcome.Failed).Words.ShouldContain("the package path specified was invalid");
        mac.RemoveState("installer-fails");

        (await mac.RunAsync(options)).Single(step => step.Name == "kdk").ShouldBe(new ProvisionStep("kdk", ProvisionOutcome.Changed, "./KDK_10.15.7_19H15.kdk"));
    }

    private static ProvisionedSystem Mac()
    {
        var mac = new ProvisionedSystem(
            "darwin", "dscl", "systemsetup", "pmset", "softwareupdate", "defaults", "scutil", "sudo", "visudo", "sshd", "chown", "installer", "hdiutil", "pgrep");
        mac.Write("Users/me/.profile", "");
        mac.Write("var/root/.profile", "");
        mac.Write("private/etc/sudoers", "root ALL=(ALL) ALL\n#includedir /private/etc/sudoers.d\n");
        mac.Write("private/etc/ssh/sshd_config", "PermitRootLogin no\n");
        return mac;
    }

    private static ProvisionedSystem Linux()
    {
        var linux = new ProvisionedSystem("linux", "systemctl", "hostname", "visudo", "sshd", "mount", "chown", "vmhgfs-fuse", "pgrep");
        linux.Write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\n");
        linux.Write("etc/sudoers", "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n");
        linux.Write("etc/ssh/sshd_config", "PermitRootLogin no\n");
        linux.Write("etc/fstab", "");
        linux.Write("root/.profile", "");
        linux.Write("run/systemd/system/.here", "");
        linux.Write("proc/sys/kernel/core_pattern", "|/usr/share/apport/apport %p\n");
        linux.Write("proc/sys/kernel/panic_on_oops", "0\n");
        linux.Write("proc/sys/kernel/panic", "10\n");
        return linux;
    }

    private static string Mode(string file) => Convert.ToString((int)File.GetUnixFileMode(file), toBase: 8);
}
