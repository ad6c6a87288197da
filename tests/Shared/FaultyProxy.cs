using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Tests.Shared;

/// <summary>What the proxy does to a request.</summary>
public enum ProxyFault
{
    /// <summary>Passes it on.</summary>
    None,

    /// <summary>Answers 503 itself, as a server that asks to slow down.</summary>
    Unavailable,

    /// <summary>Passes it on and cuts the answer's body in the middle.</summary>
    CutAnswer,

    /// <summary>Takes half of the request's body and resets the connection.</summary>
    ResetUpload,

    /// <summary>Passes it on, then resets the connection without an answer: the work was done and nobody hears of it.</summary>
    LoseAnswer,
}

/// <summary>
/// Stands on loopback before an HTTP server and spoils the requests that <paramref name="choose"/> picks by method, path and
/// number, from 1. One request a connection. Stops with disposal.
/// </summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _open = [];
    private readonly Func<string, string, int, ProxyFault> _choose;
    private readonly int _target;
    private readonly Task _accepting;
    private int _requests;

    /// <param name="target">Port of the server.</param>
    /// <param name="choose">Method, path with query, number of the request.</param>
    public FaultyProxy(int target, Func<string, string, int, ProxyFault> choose)
    {
        (_target, _choose) = (target, choose);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Port of the proxy.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How often each fault was dealt.</summary>
    public ConcurrentDictionary<ProxyFault, int> Dealt { get; } = new();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_open);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _open.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            var stream = client.GetStream();
            if (await ReadHeadAsync(stream) is not { } head)
            {
                return;
            }

            var line = head[..head.IndexOf("\r\n", StringComparison.Ordinal)].Split(' ');
            var length = LengthOf(head);
            var fault = _choose(line[0], line[1], Interlocked.Increment(ref _requests));
            Dealt.AddOrUpdate(fault, 1, (_, count) => count + 1);
            if (fault == ProxyFault.Unavailable)
            {
                await SendUnavailableAsync(stream, head, length);
                return;
            }

            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            var upstream = server.GetStream();
            await upstream.WriteAsync(Encoding.Latin1.GetBytes(head.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal)), _stop.Token);
            var sending = CopyAsync(stream, upstream, fault == ProxyFault.ResetUpload ? Math.Max(1, length / 2) : length);
            if (fault == ProxyFault.ResetUpload)
            {
                await sending;
                client.Client.LingerState = new LingerOption(true, 0);
                server.Client.LingerState = new LingerOption(true, 0);
                return;
            }

            await AnswerAsync(client, stream, upstream, fault);
            await sending;
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side has gone; the other sees its connection end.
        }
    }

    private async Task AnswerAsync(TcpClient client, NetworkStream stream, NetworkStream upstream, ProxyFault fault)
    {
        if (fault == ProxyFault.LoseAnswer)
        {
            await CopyAsync(upstream, Stream.Null, long.MaxValue);
            client.Client.LingerState = new LingerOption(true, 0);
        }
        else if (fault == ProxyFault.CutAnswer && await ReadHeadAsync(upstream) is { } head)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(head), _stop.Token);
            await CopyAsync(upstream, stream, LengthOf(head) / 2);
        }
        else
        {
            await CopyAsync(upstream, stream, long.MaxValue);
        }
    }

    private async Task SendUnavailableAsync(NetworkStream stream, string head, long length)
    {
        if (!head.Contains("100-continue", StringComparison.OrdinalIgnoreCase))
        {
            await CopyAsync(stream, Stream.Null, length);
        }

        const string Body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
        await stream.WriteAsync(
            Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}")),
            _stop.Token);
    }

    private async Task CopyAsync(Stream from, Stream to, long count)
    {
        var buffer = new byte[1 << 16];
        while (count > 0)
        {
            var read = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), _stop.Token);
            if (read == 0)
            {
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            count -= read;
        }
    }

    private async Task<string?> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private static long LengthOf(string head) => head.Split("\r\n")
        .Where(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
        .Select(l => long.Parse(l["Content-Length:".Length..], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture))
        .FirstOrDefault();
}
