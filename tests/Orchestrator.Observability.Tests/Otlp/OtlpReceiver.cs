using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Observability.Tests.Otlp;

/// <summary>A receiver of OTLP over HTTP with binary protobuf, on a free loopback port.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly WebApplication _app;
    private readonly List<ReceivedSpan> _spans = [];
    private readonly List<ReceivedLog> _logs = [];
    private int _metrics;
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpReceiver(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <summary>Everything received so far.</summary>
    public (IReadOnlyList<ReceivedSpan> Spans, IReadOnlyList<ReceivedLog> Logs, int MetricRequests) Received
    {
        get
        {
            lock (_gate)
            {
                return ([.. _spans], [.. _logs], _metrics);
            }
        }
    }

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/traces", context => receiver.TakeAsync(context, body => receiver._spans.AddRange(OtlpMessages.Spans(body))));
        app.MapPost("/v1/logs", context => receiver.TakeAsync(context, body => receiver._logs.AddRange(OtlpMessages.Logs(body))));
        app.MapPost("/v1/metrics", context => receiver.TakeAsync(context, _ => receiver._metrics++));
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Waits for arrivals until what has arrived is enough.</summary>
    /// <exception cref="TimeoutException">It was not enough in time.</exception>
    public async Task UntilAsync(Func<OtlpReceiver, bool> enough, TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        while (true)
        {
            Task arrival;
            lock (_gate)
            {
                arrival = _arrival.Task;
            }

            if (enough(this))
            {
                return;
            }

            await arrival.WaitAsync(stop.Token);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context, Action<byte[]> read)
    {
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (_gate)
        {
            read(body.ToArray());
            _arrival.SetResult();
            _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // An empty response message: everything was accepted.
        context.Response.ContentType = "application/x-protobuf";
    }
}
