using System.Text.Json;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    private IWebhookStore Webhooks => (IWebhookStore)Store;

    [Fact]
    public async Task Outbox_JobEnds_OneDeliveryForEachWebhookOfItsTenant()
    {
        await HookAsync("h1", "a");
        await HookAsync("h2", "a");
        await HookAsync("h3", "b");
        var job = await Store.CreateAsync(Samples.Job(tenant: "a"));
        var running = await Store.ChangeAsync(job, JobState.Running);
        Assert.Empty(await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default));

        Time.Advance(TimeSpan.FromSeconds(3));
        await Store.ChangeAsync(running, JobState.Failed, "no \"input\" <b>");

        var due = await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default);
        Assert.Equal([$"h1-{job.Id}-3", $"h2-{job.Id}-3"], due.Select(d => d.Id).Order());
        var payload = JsonElement.Parse(due[0].Payload);
        Assert.Equal("job.ended", payload.GetProperty("type").GetString());
        var told = payload.GetProperty("job");
        Assert.Equal((job.Id.Value, "failed", "a", "no \"input\" <b>"), (told.GetProperty("id").GetString(), told.GetProperty("state").GetString(), told.GetProperty("tenant").GetString(), told.GetProperty("error").GetString()));
        Assert.Equal(Start.AddSeconds(3), payload.GetProperty("at").GetDateTimeOffset());
        Assert.Equal((1, "https://h1.example.org/", DeliveryState.Pending), (due[0].Attempts, due.Single(d => d.Webhook == "h1").Url, due[0].State));
    }

    [Fact]
    public async Task Outbox_ChangeThatIsRefused_TellsNobody()
    {
        await HookAsync("h1", "a");
        var job = await Store.CreateAsync(Samples.Job(tenant: "a"));
        Assert.Null(await Store.TryChangeAsync(new JobChange(job.Id, 99, JobState.Failed, null, []), default));
        Assert.Empty(await Webhooks.ListDeliveriesAsync("h1", 10, default));
    }

    [Fact]
    public async Task Outbox_JobEndsAgainAfterRetry_IsToldAgainUnderAnotherId()
    {
        await HookAsync("h1", "a");
        var job = await Store.CreateAsync(Samples.Job(tenant: "a"));
        var failed = await Store.ChangeAsync(job, JobState.Failed);
        var again = (await Store.TryRetryAsync(job.Id, failed.Version, Samples.Phase, false, [], [], default))!;
        await Store.ChangeAsync(again, JobState.Succeeded);

        Assert.Equal([$"h1-{job.Id}-2", $"h1-{job.Id}-4"], (await Webhooks.ListDeliveriesAsync("h1", 10, default)).Select(d => d.Id).Order());
    }

    [Fact]
    public async Task TakeDueDeliveriesAsync_ManyAtOnce_EachTryHasOneTaker()
    {
        await HookAsync("h1", "a");
        for (var i = 0; i < 20; i++)
        {
            await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(1, tenant: "a")), JobState.Succeeded);
        }

        var other = await OpenAsync();
        await other.InitializeAsync(default);
        var taken = (await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Webhooks : (IWebhookStore)other).TakeDueDeliveriesAsync(Lease, 3, default))))).SelectMany(d => d).ToArray();
        Assert.Equal(20, taken.Length);
        Assert.Equal(20, taken.Select(d => d.Id).Distinct().Count());

        // Who took them died: they come up again, as the second try.
        Time.Advance(Lease);
        Assert.All(await Webhooks.TakeDueDeliveriesAsync(Lease, 100, default), d => Assert.Equal(2, d.Attempts));
        await other.DisposeAsync();
    }

    [Fact]
    public async Task FinishDeliveryAsync_LateAnswerOfAnEarlierTry_ChangesNothing()
    {
        await HookAsync("h1", "a");
        await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(1, tenant: "a")), JobState.Succeeded);
        var first = Assert.Single(await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default));
        Time.Advance(Lease);
        var second = Assert.Single(await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default));

        Assert.False(await Webhooks.FinishDeliveryAsync(new(first.Id, 1, DeliveryState.Failed, Start, 500, "late"), default));
        Assert.True(await Webhooks.FinishDeliveryAsync(new(second.Id, 2, DeliveryState.Pending, Time.GetUtcNow().AddHours(1), 503, "The receiver answered 503."), default));
        Assert.Empty(await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Single(await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default));
        Assert.True(await Webhooks.FinishDeliveryAsync(new(second.Id, 3, DeliveryState.Delivered, Start, 204, null), default));

        var seen = Assert.Single(await Webhooks.ListDeliveriesAsync("h1", 10, default));
        Assert.Equal((DeliveryState.Delivered, 3, 204, null, (DateTimeOffset?)Time.GetUtcNow()), (seen.State, seen.Attempts, seen.Status!.Value, seen.Error, seen.EndedAt));
        Assert.False(await Webhooks.FinishDeliveryAsync(new(second.Id, 3, DeliveryState.Failed, Start, 500, "again"), default));
    }

    [Fact]
    public async Task PurgeDeliveriesAsync_ForgetsEndedOnesOnly()
    {
        await HookAsync("h1", "a");
        await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(1, tenant: "a")), JobState.Succeeded);
        await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(1, tenant: "a")), JobState.Succeeded);
        var due = await Webhooks.TakeDueDeliveriesAsync(Lease, 1, default);
        await Webhooks.FinishDeliveryAsync(new(due[0].Id, 1, DeliveryState.Delivered, Start, 200, null), default);

        await Webhooks.PurgeDeliveriesAsync(Start, default);
        Assert.Equal(2, (await Webhooks.ListDeliveriesAsync("h1", 10, default)).Count);
        await Webhooks.PurgeDeliveriesAsync(Start.AddSeconds(1), default);
        Assert.Equal(DeliveryState.Pending, Assert.Single(await Webhooks.ListDeliveriesAsync("h1", 10, default)).State);
    }

    [Fact]
    public async Task CreateWebhookAsync_TooMany_IsRefusedAndDeletingTakesItsDeliveriesAlong()
    {
        await HookAsync("h1", "a");
        Assert.Equal(StoreOutcome.TooMany, await Webhooks.CreateWebhookAsync(new("h2", "a", "https://x/", "ada", Start), 1, default));
        await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(1, tenant: "a")), JobState.Succeeded);

        Assert.True(await Webhooks.DeleteWebhookAsync("h1", default));
        Assert.False(await Webhooks.DeleteWebhookAsync("h1", default));
        Assert.Null(await Webhooks.GetWebhookAsync("h1", default));
        Assert.Empty(await Webhooks.TakeDueDeliveriesAsync(Lease, 10, default));
    }

    private async Task HookAsync(string id, string tenant)
    {
        var hook = new WebhookRecord(id, tenant, $"https://{id}.example.org/", "ada", Start);
        Assert.Equal(StoreOutcome.Stored, await Webhooks.CreateWebhookAsync(hook, 100, default));
        Assert.Equal(hook, await Webhooks.GetWebhookAsync(id, default));
    }
}
