using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary><c>POST /jobs/{id}/cancel|pause|resume|retry</c>. Each may be repeated; a state that does not allow it is 409.</summary>
internal static class CommandEndpoints
{
    private const string Cancel = "cancel";

    /// <summary>How long the answer to a cancel waits for the attempts to end; they mostly do within a heartbeat; a process that hangs is given up after some seconds.</summary>
    private static readonly TimeSpan CancelWait = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private static readonly Dictionary<string, Func<IJobGrain, Task<CommandResult>>> Commands = new()
    {
        [Cancel] = grain => grain.CancelAsync(),
        ["pause"] = grain => grain.PauseAsync(),
        ["resume"] = grain => grain.ResumeAsync(),
        ["retry"] = grain => grain.RetryAsync(),
    };

    public static void Map(RouteGroupBuilder api)
    {
        MapCommand(api, Cancel, "Ends the job. It is cancelling until no attempt is at work any more, and then cancelled; what its attempts kept is deleted. To go on later, pause it.");
        MapCommand(api, "pause", "Stops giving out shards; those being worked on are finished.");
        MapCommand(api, "resume", "Gives out shards again.");
        MapCommand(api, "retry", "Runs failed and quarantined shards of an ended job again, and what depends on them; a cancelled job begins anew.");
    }

    private static void MapCommand(RouteGroupBuilder api, string verb, string summary) =>
        api.MapPost($"/jobs/{{id}}/{verb}", (string id, ClaimsPrincipal user, JobReader jobs, IGrainFactory grains, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                RunAsync(verb, id, user, jobs, grains, loggers.CreateLogger(typeof(CommandEndpoints)), cancellationToken))
            .WithName($"{char.ToUpperInvariant(verb[0])}{verb[1..]}Job").WithTags("Jobs").RequireAuthorization(Roles.Submitter)
            .WithSummary(summary).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);

    /// <summary>Runs a command; the one way for both the API and the pages.</summary>
    public static async Task<Results<Ok<JobDetail>, ProblemHttpResult>> RunAsync(
        string verb, string id, ClaimsPrincipal user,
        JobReader jobs, IGrainFactory grains, ILogger logger, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        var result = await Commands[verb](grains.GetGrain<IJobGrain>(job.Id.Value));
        Log.Commanded(logger, verb, id, user.Identity?.Name, result.Accepted, result.State?.ToString() ?? "gone");
        if (result.State is not { } state)
        {
            return Problems.UnknownJob(id);
        }

        if (!result.Accepted)
        {
            return Problems.WrongState(job.Id, state, result.Reason ?? $"The job is {WireNames.Of(state)}; {verb} is not possible then.");
        }

        return await WhenChangedAsync(state, id, user, jobs, cancellationToken) is { } changed
            ? TypedResults.Ok(await jobs.DetailAsync(changed, cancellationToken))
            : Problems.UnknownJob(id);
    }

    /// <summary>The job after a command; one that is being cancelled a little later, so that the answer mostly tells the end.</summary>
    private static async Task<JobRecord?> WhenChangedAsync(JobState state, string id, ClaimsPrincipal user, JobReader jobs, CancellationToken cancellationToken)
    {
        var job = await jobs.FindAsync(id, user, cancellationToken);
        for (var waited = TimeSpan.Zero; state == JobState.Cancelling && job?.State == JobState.Cancelling && waited < CancelWait; waited += LookAgain)
        {
            await Task.Delay(LookAgain, cancellationToken);
            job = await jobs.FindAsync(id, user, cancellationToken);
        }

        return job;
    }
}
