using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private IScheduleStore Schedules => (IScheduleStore)Store;

    [Fact]
    public async Task CreateScheduleAsync_NewSchedule_IsStoredWithEveryField()
    {
        Assert.Equal(StoreOutcome.Stored, await Schedules.CreateScheduleAsync(Schedule("s1"), 10, default));

        var expected = new ScheduleRecord("s1", "a", "s1", "0 3 * * *", """{"kind":"curation"}""", "ada", Start, Start.AddMinutes(5), null, null, null);
        Assert.Equal(expected, await Schedules.GetScheduleAsync("s1", default));
        Assert.Null(await Schedules.GetScheduleAsync("s2", default));
    }

    [Fact]
    public async Task CreateScheduleAsync_TakenNameOrTooMany_IsRefused()
    {
        await Schedules.CreateScheduleAsync(Schedule("s1"), 2, default);
        Assert.Equal(StoreOutcome.NameTaken, await Schedules.CreateScheduleAsync(Schedule("s2") with { Name = "s1" }, 2, default));
        Assert.Equal(StoreOutcome.Stored, await Schedules.CreateScheduleAsync(Schedule("s3") with { Tenant = "b", Name = "s1" }, 2, default));
        Assert.Equal(StoreOutcome.Stored, await Schedules.CreateScheduleAsync(Schedule("s4"), 2, default));
        Assert.Equal(StoreOutcome.TooMany, await Schedules.CreateScheduleAsync(Schedule("s5"), 2, default));
        Assert.Equal(["s1", "s4"], (await Schedules.ListSchedulesAsync("a", default)).Select(s => s.Id));
        Assert.Equal(["s1", "s4", "s3"], (await Schedules.ListSchedulesAsync(null, default)).Select(s => s.Id));
    }

    [Fact]
    public async Task CreateScheduleAsync_ManyAtOnceUnderOneLimit_NeverMoreThanItAllows()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Schedules.CreateScheduleAsync(Schedule($"s{i}"), 5, default))));
        Assert.Equal(5, outcomes.Count(o => o == StoreOutcome.Stored));
    }

    [Fact]
    public async Task TakeDueScheduleAsync_ManyAtOnce_EachTickHasOneTaker()
    {
        for (var i = 0; i < 10; i++)
        {
            await Schedules.CreateScheduleAsync(Schedule($"s{i}"), 100, default);
        }

        Assert.Null(await Schedules.TakeDueScheduleAsync(Lease, default));
        Time.Advance(TimeSpan.FromMinutes(5));
        var other = await OpenAsync();
        await other.InitializeAsync(default);
        var taken = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Schedules : (IScheduleStore)other).TakeDueScheduleAsync(Lease, default))));

        Assert.Equal(10, taken.Count(s => s is not null));
        Assert.Equal(10, taken.OfType<ScheduleRecord>().Select(s => s.Id).Distinct().Count());
        Assert.Null(await Schedules.TakeDueScheduleAsync(Lease, default));
        await other.DisposeAsync();
    }

    [Fact]
    public async Task TakeDueScheduleAsync_TakerDied_ComesUpAgainAfterTheLease()
    {
        await Schedules.CreateScheduleAsync(Schedule("s1"), 10, default);
        Time.Advance(TimeSpan.FromMinutes(5));
        var first = (await Schedules.TakeDueScheduleAsync(Lease, default))!;
        Time.Advance(Lease - TimeSpan.FromMilliseconds(1));
        Assert.Null(await Schedules.TakeDueScheduleAsync(Lease, default));
        Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(first.NextAt, (await Schedules.TakeDueScheduleAsync(Lease, default))!.NextAt);
    }

    [Fact]
    public async Task FinishTickAsync_Twice_OnlyTheFirstCounts()
    {
        await Schedules.CreateScheduleAsync(Schedule("s1"), 10, default);
        Time.Advance(TimeSpan.FromMinutes(5));
        var due = (await Schedules.TakeDueScheduleAsync(Lease, default))!;
        var next = Start.AddDays(1);

        Assert.True(await Schedules.FinishTickAsync("s1", due.NextAt, next, JobId.Parse("cur-1"), null, default));
        Assert.False(await Schedules.FinishTickAsync("s1", due.NextAt, Start.AddDays(2), null, "late", default));
        Assert.False(await Schedules.PostponeTickAsync("s1", due.NextAt, Start.AddDays(2), "late", default));

        var after = (await Schedules.GetScheduleAsync("s1", default))!;
        Assert.Equal((next, due.NextAt, "cur-1", null), (after.NextAt, after.LastTick!.Value, after.LastJob!.Value.Value, after.LastError));
        Assert.Null(await Schedules.TakeDueScheduleAsync(Lease, default));
        Time.SetUtcNow(next);
        Assert.NotNull(await Schedules.TakeDueScheduleAsync(Lease, default));
    }

    [Fact]
    public async Task PostponeTickAsync_KeepsTheTickUntilThen()
    {
        await Schedules.CreateScheduleAsync(Schedule("s1"), 10, default);
        Time.Advance(TimeSpan.FromMinutes(5));
        var due = (await Schedules.TakeDueScheduleAsync(Lease, default))!;
        Assert.True(await Schedules.PostponeTickAsync("s1", due.NextAt, Time.GetUtcNow() + TimeSpan.FromMinutes(10), "over quota", default));

        Time.Advance(TimeSpan.FromMinutes(9));
        Assert.Null(await Schedules.TakeDueScheduleAsync(Lease, default));
        Time.Advance(TimeSpan.FromMinutes(1));
        var again = (await Schedules.TakeDueScheduleAsync(Lease, default))!;
        Assert.Equal((due.NextAt, "over quota"), (again.NextAt, again.LastError));
    }

    [Fact]
    public async Task DeleteScheduleAsync_EndsIt()
    {
        await Schedules.CreateScheduleAsync(Schedule("s1"), 10, default);
        Assert.True(await Schedules.DeleteScheduleAsync("s1", default));
        Assert.False(await Schedules.DeleteScheduleAsync("s1", default));
        Time.Advance(TimeSpan.FromDays(1));
        Assert.Null(await Schedules.TakeDueScheduleAsync(Lease, default));
    }

    private static NewSchedule Schedule(string id) => new(id, "a", id, "0 3 * * *", """{"kind":"curation"}""", "ada", Start.AddMinutes(5));
}
