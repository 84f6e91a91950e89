using KextDev.Hosts;
using Nuke.Common;
using Nuke.Common.IO;
using Serilog;

/// <summary>Work on KextDev itself.</summary>
internal interface IDevelop : IKernelDeps
{
    Target Compile => _ => _
        .Description("Compiles KextDev itself, its tests included; warnings are errors.")
        .Executes(() => WorkAsync(async token =>
        {
            await OwnTests.CompileAsync(RootDirectory, token);
        }));

    Target Test => _ => _
        .Description("Runs the project's own tests: the library's, the stand-ins', build.sh's, the extension's and kextlogd's under the sanitizers, and those that boot guests.")
        .DependsOn(KernelDeps, Compile)
        .Executes(() => WorkAsync(async token =>
        {
            await RequireAsync(HostNeed.OwnTests, token);
            var counts = await new OwnTests(RootDirectory, State).RunAsync(token);

            // Named again here: the end of a log is what is read, and often all of it that is kept.
            foreach (var failure in counts.Failures)
            {
                Console.WriteLine(failure);
            }

            Log.Information("{Passed} passed, {Failed} failed", counts.Passed, counts.Failures.Count);
            if (counts.Failures.Count > 0)
            {
                throw new TargetFailedException($"{counts.Failures.Count} tests failed; they are named right above");
            }
        }));

    Target Clean => _ => _
        .Description("Removes what was built, with what Package made, and the folders of past runs. Keeps keys, downloaded packages and running guests.")
        .Executes(() =>
        {
            foreach (var folder in RootDirectory.GlobDirectories("tools/**/bin", "tools/**/obj", "tests/**/bin", "tests/**/obj"))
            {
                folder.DeleteDirectory();
            }

            ((AbsolutePath)State.Build).DeleteDirectory();
            ((AbsolutePath)State.Packages).DeleteDirectory();
            ((AbsolutePath)State.Runs).DeleteDirectory();
        });
}
