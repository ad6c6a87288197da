using System.Diagnostics;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>
/// A network namespace of its own with one cable to the host, which can be pulled: a real partition, TCP connections and
/// all. Needs root and iproute2.
/// </summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private readonly string name;
    private readonly string prefix;

    private NetworkNamespace(string name, string prefix)
    {
        this.name = name;
        this.prefix = prefix;
    }

    private static int count;

    /// <summary>The host's end of the cable.</summary>
    public string HostAddress => $"{prefix}.1";

    /// <summary>The namespace's end.</summary>
    public string InnerAddress => $"{prefix}.2";

    /// <summary>What stands before a command that is to run inside.</summary>
    public string[] Enter => ["ip", "netns", "exec", name];

    /// <summary>Makes one; null, and why, where this machine does not let us.</summary>
    public static async Task<(NetworkNamespace? Namespace, string? Why)> TryCreateAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return (null, "network namespaces need root");
        }

        // The process id keeps two test runs on one machine apart, the number two cables of one run: the kernel takes a while to
        // forget a deleted one.
        var id = Environment.ProcessId + (1000 * Interlocked.Increment(ref count));
        var made = new NetworkNamespace($"orch{id}", $"10.{100 + (id / 250 % 100)}.{id % 250}");
        try
        {
            await RunAsync("ip", "netns", "add", made.name);
            await RunAsync("ip", "link", "add", made.Cable, "type", "veth", "peer", "name", "veth0", "netns", made.name);
            await RunAsync("ip", "addr", "add", $"{made.HostAddress}/24", "dev", made.Cable);
            await RunAsync("ip", "link", "set", made.Cable, "up");
            await made.InsideAsync("addr", "add", $"{made.InnerAddress}/24", "dev", "veth0");
            await made.InsideAsync("link", "set", "veth0", "up");
            await made.InsideAsync("link", "set", "lo", "up");
            return (made, null);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await made.DisposeAsync();
            return (null, $"'ip netns' does not work here: {e.Message.Trim()}");
        }
    }

    /// <summary>Pulls the cable, or plugs it in again. The host's end stays up, so that its address goes on to work there.</summary>
    public Task CutAsync(bool cut) => InsideAsync("link", "set", "veth0", cut ? "down" : "up");

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The cable goes with the namespace.
            await RunAsync("ip", "netns", "delete", name);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It was never made.
        }
    }

    private string Cable => $"v{name}";

    private Task InsideAsync(params string[] arguments) => RunAsync("ip", ["-n", name, .. arguments]);

    private static async Task RunAsync(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: {error}");
        }
    }
}
