using Nuke.Common;
internal sealed class TempMain : NukeBuild { public static int Main(string[] args) => CommandLine.Check(typeof(TempMain), args) ?? Execute<TempMain>(b => b.Hello);
[Parameter] private readonly int times = 3;
 private Target Hello => _ => _.Executes(() => System.Console.WriteLine(times)); }
