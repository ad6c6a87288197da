using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Api.Tests.Testing;

/// <summary>One event as it arrived.</summary>
internal sealed record ServerEvent(long Id, string Type, JsonElement Data);

/// <summary>Reads a job's event stream.</summary>
internal static class ServerEvents
{
    /// <summary>Events until the server ends the stream.</summary>
    public static async IAsyncEnumerable<ServerEvent> ReadAsync(HttpClient client, string job, long? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job}/events");
        if (lastEventId is { } last)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        long id = 0;
        var type = "";
        JsonElement data = default;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = long.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = JsonElement.Parse(line[6..]);
            }
            else if (line.Length == 0 && id > 0)
            {
                yield return new(id, type, data);
            }
        }
    }

    /// <summary>Waits until the stream says that the job is in <paramref name="state"/>.</summary>
    public static async Task WaitForStateAsync(HttpClient client, string job, string state)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var e in ReadAsync(client, job).WithCancellation(timeout.Token))
        {
            if (e.Type == "job.state" && e.Data.GetProperty("data").GetProperty("state").GetString() == state)
            {
                return;
            }
        }

        Assert.Fail($"The stream of {job} ended before the job was {state}.");
    }
}
