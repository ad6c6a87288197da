using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Schedules;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Schedules;

/// <summary>Ticks on a clock of the test's own, over a real SQLite file.</summary>
public sealed class ScheduleRunnerTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 30, TimeSpan.Zero);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("schedules-");
    private readonly FakeTimeProvider time = new(Start);
    private IJobStore jobs = null!;

    private IScheduleStore Store => (IScheduleStore)jobs;

    public async ValueTask InitializeAsync()
    {
        jobs = JobStores.Create(new JobStoreOptions { ConnectionString = $"Data Source={Path.Combine(folder.FullName, "jobs.db")}" }, time);
        await jobs.InitializeAsync(default);
        await Store.CreateScheduleAsync(new("sch-1", "a", "hourly", "0 * * * *", """{"kind":"curation","output":{"path":"out/{tick}"}}""", "ada", CronText.Next("0 * * * *", Start)!.Value), 10, default);
    }

    public async ValueTask DisposeAsync()
    {
        await jobs.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Ticks_OverADay_EachMakesOneJobAndMissedOnesOneTogether()
    {
        var submitter = new Submissions();
        var runners = new[] { Runner(submitter), Runner(submitter) };
        for (var minute = 0; minute < 24 * 60; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));

            // Nobody looks from 03:10 to 07:30 of the run.
            if (minute is < 190 or > 450)
            {
                await Task.WhenAll(runners.Select(r => r.RunDueAsync(default)));
            }
        }

        // 24 ticks, of which four were missed and made one job together.
        Assert.Equal(24 - 4 + 1, submitter.Jobs.Count);
        Assert.Equal(21, submitter.Calls);
        Assert.Contains("out/20260301T160000Z", submitter.Jobs.Values.Select(j => j.Path));
        Assert.DoesNotContain("out/20260301T170000Z", submitter.Jobs.Values.Select(j => j.Path));
    }

    [Fact]
    public async Task OverQuota_TriedAgainAfterTheTimeThatWasSaid_UnderTheSameTick()
    {
        var submitter = new Submissions { Answer = _ => new(null, false, Problems.OverQuota("full"), TimeSpan.FromMinutes(5)) };
        var runner = Runner(submitter);
        time.Advance(TimeSpan.FromHours(1));
        await runner.RunDueAsync(default);
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(0, await runner.RunDueAsync(default));
        Assert.Equal(1, submitter.Calls);
        Assert.Equal("full", (await Store.GetScheduleAsync("sch-1", default))!.LastError);

        submitter.Answer = null;
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await runner.RunDueAsync(default));
        Assert.Equal("schedule:sch-1:20260301T130000Z", Assert.Single(submitter.Jobs).Key);
        Assert.Null((await Store.GetScheduleAsync("sch-1", default))!.LastError);
    }

    [Fact]
    public async Task SubmissionThrows_TriedAgainAndNothingLost()
    {
        var submitter = new Submissions { Answer = _ => throw new InvalidOperationException("a bug") };
        var runner = Runner(submitter);
        time.Advance(TimeSpan.FromHours(1));
        await runner.RunDueAsync(default);
        Assert.Contains("a bug", (await Store.GetScheduleAsync("sch-1", default))!.LastError, StringComparison.Ordinal);

        submitter.Answer = null;
        time.Advance(TimeSpan.FromMinutes(1));
        await runner.RunDueAsync(default);
        Assert.Single(submitter.Jobs);
    }

    [Theory]
    [InlineData("0 3 * * *", "2026-03-01T12:00:30Z", "2026-03-02T03:00:00Z")]
    [InlineData("*/15 * * * *", "2026-03-01T12:15:00Z", "2026-03-01T12:30:00Z")]
    [InlineData("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("@monthly", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z")]
    public void Next_IsInUtcAndAfter(string cron, string after, string expected)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        Assert.Equal(DateTimeOffset.Parse(expected, culture), CronText.Next(cron, DateTimeOffset.Parse(after, culture)));
    }

    private ScheduleRunner Runner(IJobSubmitter submitter) => new(Store, submitter, time, NullLogger<ScheduleRunner>.Instance);

    /// <summary>Keeps to the promise of the real one: the same key gives the same job.</summary>
    private sealed class Submissions : IJobSubmitter
    {
        private int calls;

        public System.Collections.Concurrent.ConcurrentDictionary<string, (JobId Id, string Path)> Jobs { get; } = new();

        public Func<string, SubmitOutcome>? Answer { get; set; }

        public int Calls => calls;

        public Task<SubmitOutcome> SubmitAsync(JsonElement root, Submitter submitter, string? idempotencyKey, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref calls);
            Assert.Equal("a", submitter.Tenant);
            if (Answer is { } answer)
            {
                return Task.FromResult(answer(idempotencyKey!));
            }

            var path = root.GetProperty("output").GetProperty("path").GetString()!;
            var (id, _) = Jobs.GetOrAdd(idempotencyKey!, _ => (JobId.Create("cur"), path));
            var job = new JobRecord(
                id, "curation", "x", "a", 3, JobState.Pending, "score", "{}", "h", path, [], [], null, Start, Start, null, null, 1);
            return Task.FromResult(new SubmitOutcome(job, true, null));
        }
    }
}
