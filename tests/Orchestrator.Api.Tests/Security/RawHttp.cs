using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Api.Tests.Security;

/// <summary>An answer as it came over the wire.</summary>
internal sealed record RawAnswer(int Status, string Text);

/// <summary>Sends bytes as they are: an HTTP client would tidy paths and refuse bad headers itself.</summary>
internal static class RawHttp
{
    /// <summary>Sends a request and reads until the server closes; status 0 where it closed without an answer.</summary>
    public static async Task<RawAnswer> SendAsync(Uri server, byte[] request)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port, timeout.Token);
        var stream = socket.GetStream();
        using var received = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, timeout.Token);
            await stream.CopyToAsync(received, timeout.Token);
        }
        catch (IOException)
        {
            // A server that has refused may close while the rest is still on its way; what it said before counts.
            await DrainAsync(stream, received);
        }

        var text = Encoding.UTF8.GetString(received.ToArray());
        return new(text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0, text);
    }

    /// <summary>A request with the usual headers.</summary>
    public static byte[] Request(string method, string target, string? key, byte[]? body = null, string type = "application/json", params string[] headers)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if (key is not null)
        {
            head.Append($"X-Api-Key: {key}\r\n");
        }

        foreach (var header in headers)
        {
            head.Append($"{header}\r\n");
        }

        if (body is not null)
        {
            head.Append($"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
    }

    private static async Task DrainAsync(NetworkStream stream, MemoryStream received)
    {
        try
        {
            await stream.CopyToAsync(received);
        }
        catch (IOException)
        {
            // Reset: nothing more comes.
        }
    }
}
