using System.Collections.Frozen;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Jobs;

/// <summary>The plans this control process knows, by kind of document.</summary>
internal sealed class JobPlans
{
    private readonly FrozenDictionary<string, IJobPlan> byKind;

    /// <summary>Takes in every registered plan.</summary>
    /// <exception cref="InvalidOperationException">Two plans are for the same kind.</exception>
    public JobPlans(IEnumerable<IJobPlan> plans)
    {
        var known = new Dictionary<string, IJobPlan>(StringComparer.Ordinal);
        foreach (var plan in plans)
        {
            if (!known.TryAdd(plan.Kind, plan))
            {
                throw new InvalidOperationException(
                    $"Both {known[plan.Kind].GetType().Name} and {plan.GetType().Name} are plans for the kind '{plan.Kind}'; register one.");
            }
        }

        byKind = known.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The plan for a kind, or null.</summary>
    public IJobPlan? Find(string kind) => byKind.GetValueOrDefault(kind);
}
