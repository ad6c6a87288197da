using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Cli.Client;

namespace Orchestrator.Cli.Tests.Client;

/// <summary>Following a job through broken connections; the server plays a script.</summary>
public sealed class EventsTests
{
    [Fact]
    public async Task Events_ConnectionBreaksAndServerRestarts_EachEventOnce()
    {
        var asked = new List<string>();
        var gets = 0;
        var secondSeen = new TaskCompletionSource();
        await using var app = await StartAsync(
            async context =>
            {
                asked.Add(context.Request.Headers["Last-Event-ID"].ToString());
                switch (asked.Count)
                {
                    case 1:
                        await WriteAsync(context, 1, 2);
                        await secondSeen.Task;
                        context.Abort();
                        break;
                    case 2:
                        context.Response.StatusCode = 503;
                        break;
                    case 3:
                        // The server stops: its stream ends well, though the job has not.
                        await WriteAsync(context, 3);
                        break;
                    default:
                        await WriteAsync(context, 4);
                        break;
                }
            },
            context =>
            {
                gets++;
                context.Response.StatusCode = gets == 1 ? 503 : 200;
                return gets == 1 ? Task.CompletedTask : context.Response.WriteAsync(Job("succeeded"));
            });
        using var client = new OrchestratorClient(new Uri(app.Urls.First()));

        var seen = new List<long>();
        await foreach (var e in client.EventsAsync("cur-1", 0, TestContext.Current.CancellationToken))
        {
            seen.Add(e.Seq);
            if (e.Seq == 2)
            {
                secondSeen.SetResult();
            }
        }

        Assert.Equal([1, 2, 3, 4], seen);
        Assert.Equal(["", "2", "2", "3"], asked);
    }

    private static string Job(string state) => $$"""
        {"id":"cur-1","kind":"curation","name":"n","tenant":"default","priority":3,"state":"{{state}}","phase":"score","error":null,
         "createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","startedAt":null,"endedAt":null,"output":null,
         "phases":[],"allPhases":[],"document":{ } }
        """;

    private static async Task WriteAsync(HttpContext context, params int[] ids)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var id in ids)
        {
            var data = $$"""{"seq":{{id}},"at":"2026-01-01T00:00:00Z","type":"progress","data":{ } }""";
            await context.Response.WriteAsync($"id: {id}\nevent: progress\ndata: {data}\n\n");
        }

        await context.Response.Body.FlushAsync();
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate events, RequestDelegate job)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/api/v1/jobs/cur-1/events", events);
        app.MapGet("/api/v1/jobs/cur-1", context =>
        {
            context.Response.ContentType = "application/json";
            return job(context);
        });
        await app.StartAsync();
        return app;
    }
}
