using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Domain.Statistics;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Simulation.Faults;

/// <summary>
/// A network that delivers some completions late (their leases have been handed back meanwhile, and may be another
/// attempt's) and some exchanges twice, the second time after their successor. Used by the agent's loop only.
/// </summary>
internal sealed class FaultyDispatchClient(IDispatchClient inner, FaultSettings settings, TimeProvider time) : IDispatchClient
{
    private readonly SeededStream chance = SeededStream.For(settings.Seed, "dispatch");
    private readonly List<(ShardCompletion Completion, DateTimeOffset Due)> late = [];
    private ExchangeRequest? again;

    public string Silo => inner.Silo;

    public async Task<ExchangeReply> ExchangeAsync(ExchangeRequest request)
    {
        var now = time.GetUtcNow();
        var overdue = late.Where(held => held.Due <= now).Select(held => held.Completion).ToArray();
        late.RemoveAll(held => held.Due <= now);
        var held = request.Completed.Where(_ => chance.NextDouble() < settings.LateShare).ToArray();
        late.AddRange(held.Select(done => (done, now + settings.LateBy)));
        var sent = request with
        {
            Completed = [.. request.Completed.Except(held), .. overdue],
            Released = [.. request.Released, .. held.Select(done => done.Lease)],
        };
        var reply = await inner.ExchangeAsync(sent);
        if (again is not null)
        {
            await inner.ExchangeAsync(again);
        }

        again = sent.Completed.Length > 0 && chance.NextDouble() < settings.DuplicateShare ? sent : null;
        return reply;
    }

    public Task<JobOrder> GetOrderAsync(JobId job) => inner.GetOrderAsync(job);

    public Task<CommittedView[]> GetCommittedAsync(JobId job, string phase, int fromIndex) => inner.GetCommittedAsync(job, phase, fromIndex);
}
