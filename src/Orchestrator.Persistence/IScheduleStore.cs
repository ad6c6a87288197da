using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence;

/// <summary>A schedule to be stored.</summary>
/// <param name="Name">Unique in its tenant.</param>
/// <param name="Cron">Five fields, UTC.</param>
/// <param name="Document">The document as posted, JSON; its <c>{tick}</c> is filled in at each tick.</param>
/// <param name="NextAt">The first tick.</param>
public sealed record NewSchedule(string Id, string Tenant, string Name, string Cron, string Document, string CreatedBy, DateTimeOffset NextAt);

/// <summary>A stored schedule.</summary>
/// <param name="NextAt">The tick that comes next; where it is past, it has not been submitted yet.</param>
/// <param name="LastTick">The last tick that was dealt with; null before the first.</param>
/// <param name="LastJob">The job that it made; null where it made none.</param>
/// <param name="LastError">Why the last try made no job; null where it did.</param>
public sealed record ScheduleRecord(
    string Id, string Tenant, string Name, string Cron, string Document, string CreatedBy, DateTimeOffset CreatedAt,
    DateTimeOffset NextAt, DateTimeOffset? LastTick, JobId? LastJob, string? LastError);

/// <summary>How storing a schedule or a webhook ended.</summary>
public enum StoreOutcome
{
    /// <summary>It is stored.</summary>
    Stored,

    /// <summary>The tenant has one of that name.</summary>
    NameTaken,

    /// <summary>The tenant has as many as it may have.</summary>
    TooMany,
}

/// <summary>Schedules as SQL rows, in the same database as the jobs; promises as <see cref="IJobStore"/>'s.</summary>
public interface IScheduleStore
{
    /// <summary>Stores a schedule, unless its tenant has that name or <paramref name="most"/> schedules.</summary>
    Task<StoreOutcome> CreateScheduleAsync(NewSchedule schedule, int most, CancellationToken cancellationToken);

    /// <summary>One schedule, or null.</summary>
    Task<ScheduleRecord?> GetScheduleAsync(string id, CancellationToken cancellationToken);

    /// <summary>Schedules by name, of one tenant or of all.</summary>
    Task<IReadOnlyList<ScheduleRecord>> ListSchedulesAsync(string? tenant, CancellationToken cancellationToken);

    /// <summary>Removes a schedule; false where there is none. Jobs that it made stay.</summary>
    Task<bool> DeleteScheduleAsync(string id, CancellationToken cancellationToken);

    /// <summary>Takes the schedule that is due longest and that nobody else has taken, for <paramref name="lease"/>; null where none is.</summary>
    Task<ScheduleRecord?> TakeDueScheduleAsync(TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Ends a tick: the next one is at <paramref name="next"/>. False where the schedule has moved on from <paramref name="tick"/>.</summary>
    Task<bool> FinishTickAsync(string id, DateTimeOffset tick, DateTimeOffset next, JobId? job, string? error, CancellationToken cancellationToken);

    /// <summary>Leaves a tick for a later try, not before <paramref name="until"/>. False where the schedule has moved on.</summary>
    Task<bool> PostponeTickAsync(string id, DateTimeOffset tick, DateTimeOffset until, string error, CancellationToken cancellationToken);
}
