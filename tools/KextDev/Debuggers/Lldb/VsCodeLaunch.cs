using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KextDev.Debuggers.Lldb;

/// <summary>A session for Visual Studio Code: a configuration of its extension LLDB DAP ("lldb-dap") that attaches as the session's script does.</summary>
public static class VsCodeLaunch
{
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Puts the configuration into .vscode/launch.json: in the place of the one of that name, or behind the others, which stay as they are.</summary>
    /// <param name="folder">The one that is opened in Visual Studio Code.</param>
    /// <param name="script">The commands with which the session begins.</param>
    /// <returns>The file.</returns>
    /// <exception cref="InfrastructureException">There is such a file, and it cannot be changed without losing something of it.</exception>
    public static string Write(string folder, string name, string script)
    {
        var file = Path.Combine(folder, ".vscode", "launch.json");
        var configuration = new JsonObject
        {
            ["name"] = name,
            ["type"] = "lldb-dap",
            ["request"] = "attach",
            // Without waiting for the connection the adapter may look too early, and say that nothing is there.
            ["attachCommands"] = new JsonArray(
                "script lldb.debugger.SetAsync(False)", $"command source --silent-run true {LldbScript.Quote(script)}", "script lldb.debugger.SetAsync(True)"),
            // As in a terminal: the kernel stands until it is told to go on.
            ["stopOnEntry"] = true,
        };
        var root = File.Exists(file) ? Parse(file, configuration) : new JsonObject { ["version"] = "0.2.0", ["configurations"] = new JsonArray() };
        var others = (JsonArray)root["configurations"]!;
        var place = others.TakeWhile(other => (other as JsonObject)?["name"]?.ToString() != name).Count();
        if (place < others.Count)
        {
            others[place] = configuration;
        }
        else
        {
            others.Add(configuration);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var unfinished = file + ".new";
        File.WriteAllText(unfinished, root.ToJsonString(s_format) + Environment.NewLine);
        File.Move(unfinished, file, overwrite: true);
        return file;
    }

    // Comments are allowed there, and would be lost.
    private static JsonObject Parse(string file, JsonObject configuration)
    {
        try
        {
            if (JsonNode.Parse(File.ReadAllText(file)) is JsonObject root && root["configurations"] is JsonArray)
            {
                return root;
            }

            throw new JsonException("it has no list of configurations");
        }
        catch (JsonException exception)
        {
            throw new InfrastructureException(
                $"{file} was not changed: it is not plain JSON, and its comments would be lost ({exception.Message}). Put this among its configurations by hand:{Environment.NewLine}"
                + configuration.ToJsonString(s_format),
                exception);
        }
    }
}
