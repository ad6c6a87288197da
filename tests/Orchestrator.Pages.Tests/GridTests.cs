using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Pages.Tests.Testing;
using Orchestrator.Persistence;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Pages.Tests;

/// <summary>The grid with as many shards as a job may have by default.</summary>
public sealed class GridTests(ApiServer server, Chromium chromium, ITestOutputHelper output) : IClassFixture<ApiServer>, IClassFixture<Chromium>
{
    private const int Shards = 100_000;

    // A frame at 60 Hz. What drawing took is printed, not asserted: the test machine's load is not the page's doing.
    private const double FrameBudgetMs = 1000.0 / 60;

    [Fact]
    public async Task HundredThousandShards_AreDrawnInTheirColours()
    {
        var id = await StoreAsync();
        await using var visit = await chromium.OpenAsync(server.Address, new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        var page = visit.Page;
        await page.GotoAsync($"/jobs/{id}");
        await Expect(page.Locator("#grid")).ToHaveAttributeAsync("data-drawn", $"score {Shards}", new() { Timeout = 60_000 });
        await Expect(page.Locator("#grid")).ToHaveAttributeAsync("aria-label", "100,000 shards of phase score: 99,994 pending, 3 leased, 2 committed, 1 failed");

        // The colour in the middle of a cell, against the colour of its state in the legend.
        Assert.Equal(
            ["committed", "committed", "failed", "leased", "leased", "leased", "pending"],
            await page.EvaluateAsync<string[]>(
                """
                () => {
                    const canvas = document.getElementById('grid');
                    const pen = canvas.getContext('2d');
                    const legend = [...document.querySelectorAll('.legend .key')].map((k) => [k.className.slice('key s-'.length), getComputedStyle(k).backgroundColor]);
                    const size = canvas.width / Math.round(canvas.width / 3);
                    return [0, 1, 2, 3, 4, 5, 6].map((i) => {
                        const [r, g, b] = pen.getImageData(Math.floor(i * size), 0, 1, 1).data;
                        return legend.find(([, colour]) => colour === `rgb(${r}, ${g}, ${b})`)?.[0] ?? `rgb(${r}, ${g}, ${b})`;
                    });
                }
                """));

        // Twenty moves of the cursor, each drawn in a frame of its own.
        await page.Locator("#grid").FocusAsync();
        for (var i = 0; i < 20; i++)
        {
            await page.Keyboard.PressAsync("ArrowDown");
        }

        await Expect(page.Locator("#grid-cell")).ToContainTextAsync("Shard score-");
        var times = await page.EvaluateAsync<double[]>("performance.getEntriesByName('grid').map((e) => e.duration)");
        Array.Sort(times);
        output.WriteLine($"{Shards:N0} shards: {times.Length} drawings, median {times[times.Length / 2]:0.0} ms, longest {times[^1]:0.0} ms; a frame has {FrameBudgetMs:0.0} ms.");
        Assert.NotEmpty(times);
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task Map_IsWhatTheShardsSay()
    {
        var id = await StoreAsync();

        var map = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/shards/map?phase=score")).Body;
        var listed = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/shards?phase=score&limit=1000")).Body.GetProperty("items");

        var names = map.GetProperty("states").EnumerateArray().Select(s => s.GetString()!).ToArray();
        var runs = map.GetProperty("runs").EnumerateArray().Select(r => r.GetInt32()).ToArray();
        var states = runs.Chunk(2).SelectMany(run => Enumerable.Repeat(names[run[0]], run[1])).ToArray();
        Assert.Equal(Shards, states.Length);
        Assert.Equal(Shards, map.GetProperty("total").GetInt32());
        Assert.Equal(listed.EnumerateArray().Select(s => s.GetProperty("state").GetString()!), states.Take(1000));
        Assert.Equal(8, runs.Length);
        Assert.Equal(404, (int)(await server.Client.GetJsonAsync("/api/v1/jobs/cur-000000000000/shards/map")).Status);
    }

    /// <summary>A job whose first six shards are committed twice, failed once and leased three times.</summary>
    private async Task<string> StoreAsync()
    {
        var store = server.Services.GetRequiredService<IJobStore>();
        var id = JobId.Create("cur");
        var shards = Enumerable.Range(0, Shards).Select(i => new ShardSpec(i, "{}")).ToArray();
        await store.CreateJobAsync(
            new NewJob(id, "curation", "large", "default", 3, Docs.Curation(server).ToJsonString(), id.Value, null, null, [], ["score"], "score", shards), default);
        LeaseKey Lease(int index) => new(new ShardKey(id, "score", index), 1);
        await store.ApplyAsync(new ShardBatch([], [], [.. Enumerable.Range(0, 6).Select(i => new LeaseGrant(Lease(i), "w", "s"))]), default);
        await store.ApplyAsync(
            new ShardBatch(
                [.. Enumerable.Range(0, 2).Select(i => new Completion(Lease(i), new ShardOutput("{}", "d", new Dictionary<string, long>())))],
                [new Withdrawal(Lease(2), ShardState.Failed, AttemptOutcomes.Failed, "broken", null, 1, 0)],
                []),
            default);

        // Ended, so that the dispatcher leaves the leases of a worker that never was.
        var job = (await store.GetJobAsync(id, default))!;
        Assert.NotNull(await store.TryChangeAsync(new JobChange(id, job.Version, JobState.Cancelled, null, []), default));
        return id.Value;
    }
}
