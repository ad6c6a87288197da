using Cronos;

namespace Orchestrator.Api.Schedules;

/// <summary>Cron expressions of schedules: five fields (minute, hour, day, month, weekday) or a macro such as <c>@daily</c>, always in UTC.</summary>
internal static class CronText
{
    public const int MaxLength = 100;

    /// <summary>Why an expression cannot be used, as the end of a sentence; null where it can.</summary>
    public static string? ProblemOf(string text, DateTimeOffset now)
    {
        if (!CronExpression.TryParse(text, out var cron))
        {
            return "must be a cron expression of five fields (minute hour day month weekday), for example '30 3 * * *' for 03:30 UTC each day";
        }

        return cron.GetNextOccurrence(now.UtcDateTime) is null ? "names a time that never comes" : null;
    }

    /// <summary>The first tick after a time.</summary>
    /// <exception cref="CronFormatException">It is no expression.</exception>
    public static DateTimeOffset? Next(string text, DateTimeOffset after) =>
        CronExpression.Parse(text).GetNextOccurrence(after.UtcDateTime) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null;
}
