using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Workers;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cli.Client;

/// <summary>The REST API as methods. Every answer that is not a success becomes a <see cref="CliException"/> with the server's own words.</summary>
public sealed class OrchestratorClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="server">Base address, for example <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    public OrchestratorClient(Uri server, string? apiKey = null)
    {
        // Streams of events have no end; single calls bring their own limit.
        _http = new HttpClient { BaseAddress = new Uri(server, "/api/v1/"), Timeout = Timeout.InfiniteTimeSpan };
        Server = server;
        if (apiKey is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
    }

    /// <summary>Base address.</summary>
    public Uri Server { get; }

    /// <summary>Submits a document.</summary>
    public async Task<JobDetail> SubmitAsync(JsonObject document, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, "jobs", Json(document), cancellationToken);
        return await ReadAsync<JobDetail>(response, cancellationToken);
    }

    /// <summary>Says what a document would do.</summary>
    public async Task<PlanView> PlanAsync(JsonObject document, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, "jobs/plan", Json(document), cancellationToken);
        return await ReadAsync<PlanView>(response, cancellationToken);
    }

    /// <summary>One job.</summary>
    public Task<JobDetail> GetAsync(string id, CancellationToken cancellationToken) => GetAsync<JobDetail>($"jobs/{Uri.EscapeDataString(id)}", cancellationToken);

    /// <summary>The newest jobs.</summary>
    public Task<Page<JobSummary>> ListAsync(int limit, CancellationToken cancellationToken) => GetAsync<Page<JobSummary>>($"jobs?limit={limit}", cancellationToken);

    /// <summary>The job's result.</summary>
    public Task<JobResult> ResultAsync(string id, CancellationToken cancellationToken) => GetAsync<JobResult>($"jobs/{Uri.EscapeDataString(id)}/result", cancellationToken);

    /// <summary>Connected workers.</summary>
    public Task<IReadOnlyList<WorkerInfo>> WorkersAsync(CancellationToken cancellationToken) => GetAsync<IReadOnlyList<WorkerInfo>>("workers", cancellationToken);

    /// <summary><c>cancel</c>, <c>pause</c>, <c>resume</c> or <c>retry</c>.</summary>
    public async Task<JsonElement> CommandAsync(string id, string verb, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, $"jobs/{Uri.EscapeDataString(id)}/{verb}", null, cancellationToken);
        return await ReadAsync<JsonElement>(response, cancellationToken);
    }

    /// <summary>Copies an artifact of the job, for example <c>report/index.html</c>.</summary>
    public async Task DownloadAsync(string id, string artifact, Stream into, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, $"jobs/{Uri.EscapeDataString(id)}/artifacts/{artifact}", null, cancellationToken);
        await response.Content.CopyToAsync(into, cancellationToken);
    }

    /// <summary>Copies the job's HTML report, timings included.</summary>
    public async Task ReportAsync(string id, Stream into, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, $"jobs/{Uri.EscapeDataString(id)}/report", null, cancellationToken);
        await response.Content.CopyToAsync(into, cancellationToken);
    }

    /// <summary>
    /// Events after <paramref name="after"/>, until the job has ended. A broken connection is taken up again at the last
    /// event received, for as long as the caller waits.
    /// </summary>
    public async IAsyncEnumerable<EventView> EventsAsync(string id, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A server that was never reached is a mistake of the command line; one that was is waited for.
        var reached = after > 0;
        while (true)
        {
            var ended = false;
            await using var events = OneStreamAsync(id, after, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync())
                    {
                        ended = true;
                        break;
                    }
                }
                catch (Exception e) when (reached && !cancellationToken.IsCancellationRequested
                    && e is IOException or HttpRequestException or CliException { ExitCode: ExitCodes.Unreachable })
                {
                    break;
                }

                reached = true;
                after = events.Current.Seq;
                yield return events.Current;
            }

            // The server closes the stream at the end of the job, and when it stops itself.
            reached |= ended;
            if (ended && await HasEndedAsync(id, cancellationToken))
            {
                yield break;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private async Task<bool> HasEndedAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return (await GetAsync(id, cancellationToken)).State.IsTerminal();
        }
        catch (CliException e) when (e.ExitCode == ExitCodes.Unreachable)
        {
            return false;
        }
    }

    private async IAsyncEnumerable<EventView> OneStreamAsync(string id, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{Uri.EscapeDataString(id)}/events");
        if (after > 0)
        {
            request.Headers.Add("Last-Event-ID", after.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        using var response = await SendAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            yield return JsonSerializer.Deserialize<EventView>(item.Data, ApiJson.Options)!;
        }
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        return await SendAsync(request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new CliException(
                ExitCodes.Unreachable, $"{Server} cannot be reached ({e.Message}). Start a server with 'orchestrator dev', or give --server or ORCHESTRATOR_SERVER.");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await ExplainAsync(response, cancellationToken);
        }
    }

    private static async Task<CliException> ExplainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var code = response.StatusCode == HttpStatusCode.ServiceUnavailable ? ExitCodes.Unreachable : ExitCodes.Usage;
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var problem = JsonDocument.Parse(body);
            var text = new StringBuilder();
            text.Append(problem.RootElement.TryGetProperty("title", out var title) ? title.GetString() : $"HTTP {(int)response.StatusCode}");
            text.Append(problem.RootElement.TryGetProperty("detail", out var detail) ? $" {detail.GetString()}" : "");
            if (problem.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            {
                foreach (var error in errors.Deserialize<List<DocumentError>>(ApiJson.Options)!)
                {
                    text.Append($"\n  {error.Path}: {error.Message}{(error.Value is null ? "" : $" (is {error.Value})")}");
                }
            }

            return new CliException(code, text.ToString());
        }
        catch (JsonException)
        {
            return new CliException(code, $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}.");
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync<T>(ApiJson.Options, cancellationToken)
        ?? throw new CliException(ExitCodes.Unreachable, "The server answered with nothing.");

    private static StringContent Json(JsonObject document) => new(document.ToJsonString(), Encoding.UTF8, "application/json");
}
