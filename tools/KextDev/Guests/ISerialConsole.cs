namespace KextDev.Guests;

/// <summary>A guest whose kernel console is written to a file of the host from its first line on.</summary>
public interface ISerialConsole
{
    /// <summary>The file that grows as the console prints; it exists once the guest was started. Raw bytes of the guest: hostile input.</summary>
    string ConsoleFile { get; }
}
