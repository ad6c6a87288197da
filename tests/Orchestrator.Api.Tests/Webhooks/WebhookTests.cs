using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Api.Webhooks;

namespace Orchestrator.Api.Tests.Webhooks;

/// <summary>A delivery as the receiver got it.</summary>
internal sealed record Received(string Path, byte[] Body, IHeaderDictionary Headers);

/// <summary>A receiver on loopback, and a server that may call it.</summary>
public sealed class WebhookServer : IAsyncLifetime
{
    private WebApplication? receiver;

    public ApiServer Server { get; private set; } = null!;

    public Uri Receiver { get; private set; } = null!;

    internal Channel<Received> Calls { get; } = Channel.CreateUnbounded<Received>();

    /// <summary>Status codes to be answered by path, first to last; 204 after them.</summary>
    internal ConcurrentDictionary<string, ConcurrentQueue<int>> Answers { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        receiver = builder.Build();
        receiver.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var path = context.Request.Path.ToString();
            var status = Answers.TryGetValue(path, out var answers) && answers.TryDequeue(out var given) ? given : 204;
            context.Response.StatusCode = status;
            if (status is >= 300 and < 400)
            {
                context.Response.Headers.Location = "/redirected";
            }

            await Calls.Writer.WriteAsync(new(path, body.ToArray(), new HeaderDictionary(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value))));
        });
        await receiver.StartAsync();
        Receiver = new Uri(receiver.Urls.First());
        Server = new(new()
        {
            ["Webhooks:AllowedHosts:0"] = $"127.0.0.1:{Receiver.Port}",
            ["Webhooks:AllowedHosts:1"] = $"localhost:{Receiver.Port}",
            ["Webhooks:SigningKey"] = "signing-key-0123456789-0123456789-0123456789",
            ["Webhooks:AllowHttp"] = "true",
            ["Webhooks:AllowPrivateAddresses"] = "true",
            ["Webhooks:BaseDelay"] = "00:00:01",
            ["Webhooks:MaxAttempts"] = "3",
        });
        await Server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await receiver!.DisposeAsync();
    }
}

/// <summary>From the end of a job to the receiver, over real HTTP.</summary>
public sealed class WebhookTests(WebhookServer hooks) : IClassFixture<WebhookServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task JobEnds_ReceiverIsToldOnceAndCanVerifyWhoTold()
    {
        var (hook, secret) = await HookAsync("/told", "told");
        var job = await EndAsync("told");

        var call = await NextAsync("/told");
        var payload = JsonElement.Parse(call.Body);
        Assert.Equal(("job.ended", job, "cancelled"), (payload.GetProperty("type").GetString(), payload.GetProperty("job").GetProperty("id").GetString(), payload.GetProperty("job").GetProperty("state").GetString()));
        Assert.Equal("application/json; charset=utf-8", call.Headers.ContentType);
        Assert.Equal("job.ended", call.Headers["X-Orchestrator-Event"]);

        // What a receiver does, written anew.
        var parts = call.Headers["X-Orchestrator-Signature"].ToString().Split(',');
        var signed = Encoding.UTF8.GetBytes($"{parts[0][2..]}.").Concat(call.Body).ToArray();
        Assert.Equal($"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}", parts[1]);

        var seen = await UntilAsync(hook, d => d.GetProperty("state").GetString() == "delivered");
        Assert.Equal((call.Headers["X-Orchestrator-Delivery"].ToString(), job, 1, 204), (seen.GetProperty("id").GetString(), seen.GetProperty("jobId").GetString(), seen.GetProperty("attempts").GetInt32(), seen.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task ReceiverFails_TriedAgainWithTheSameBodyUntilItAnswers()
    {
        var (hook, _) = await HookAsync("/flaky", "flaky");
        hooks.Answers["/flaky"] = new([500]);
        await EndAsync("flaky");

        var first = await NextAsync("/flaky");
        var second = await NextAsync("/flaky");

        Assert.Equal(first.Body, second.Body);
        Assert.Equal(first.Headers["X-Orchestrator-Delivery"], second.Headers["X-Orchestrator-Delivery"]);
        Assert.Equal(2, (await UntilAsync(hook, d => d.GetProperty("state").GetString() == "delivered")).GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task ReceiverNeverAnswersWell_GivenUpAfterItsTriesAndRedirectsNotFollowed()
    {
        var (hook, _) = await HookAsync("/away", "away");
        hooks.Answers["/away"] = new([307, 302, 301]);
        await EndAsync("away");

        var seen = await UntilAsync(hook, d => d.GetProperty("state").GetString() == "failed");

        Assert.Equal((3, 301), (seen.GetProperty("attempts").GetInt32(), seen.GetProperty("status").GetInt32()));
        Assert.Contains("redirects are not followed", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        for (var i = 0; i < 3; i++)
        {
            await NextAsync("/away");
        }

        Assert.False(hooks.Calls.Reader.TryPeek(out var more) && more.Path == "/redirected");
    }

    [Fact]
    public async Task Delete_EndsTheWebhook()
    {
        var (hook, _) = await HookAsync("/ended", "ended");
        Assert.DoesNotContain("secret", (await hooks.Server.Client.GetJsonAsync("/api/v1/webhooks")).Body.EnumerateArray().Single(h => h.GetProperty("id").GetString() == hook).EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null).Select(p => p.Name));
        Assert.Equal(HttpStatusCode.NoContent, (await hooks.Server.Client.SendAsync(HttpMethod.Delete, $"/api/v1/webhooks/{hook}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await hooks.Server.Client.GetJsonAsync($"/api/v1/webhooks/{hook}/deliveries")).Status);
    }

    [Fact]
    public async Task SwitchedOff_409()
    {
        await using var plain = new ApiServer();
        await plain.InitializeAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await plain.Client.PostJsonAsync("/api/v1/webhooks", new JsonObject { ["url"] = "https://hooks.example.org/" })).Status);
    }

    private async Task<(string Id, string Secret)> HookAsync(string path, string tenant)
    {
        var answer = await hooks.Server.Client.PostJsonAsync("/api/v1/webhooks", new JsonObject { ["url"] = new Uri(hooks.Receiver, path).ToString(), ["tenant"] = tenant });
        Assert.True(answer.Status == HttpStatusCode.Created, $"{answer.Body}");
        return (answer.Text("id"), answer.Text("secret"));
    }

    private async Task<string> EndAsync(string tenant)
    {
        var document = Docs.Curation(hooks.Server);
        document["tenant"] = tenant;
        var id = await hooks.Server.Client.SubmitAsync(document);
        await hooks.Server.Client.PostJsonAsync($"/api/v1/jobs/{id}/cancel", null);
        return id;
    }

    /// <summary>The next call of a path; what other tests left behind is passed over.</summary>
    private async Task<Received> NextAsync(string path)
    {
        using var timeout = new CancellationTokenSource(Patience);
        await foreach (var call in hooks.Calls.Reader.ReadAllAsync(timeout.Token))
        {
            if (call.Path == path)
            {
                return call;
            }
        }

        throw new InvalidOperationException("The receiver has stopped.");
    }

    private async Task<JsonElement> UntilAsync(string hook, Func<JsonElement, bool> wanted)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            timeout.Token.ThrowIfCancellationRequested();
            var deliveries = (await hooks.Server.Client.GetJsonAsync($"/api/v1/webhooks/{hook}/deliveries")).Body;
            if (deliveries.EnumerateArray().FirstOrDefault(wanted) is { ValueKind: JsonValueKind.Object } found)
            {
                return found;
            }
        }
    }
}
