using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Answers prompts: with a target (<see cref="Generator"/>) or from the record of one (<see cref="ReplayGenerator"/>).</summary>
public interface IGenerator
{
    /// <summary>All turns of a prompt, for every sample of the cell.</summary>
    IEnumerable<Generation> Answer(EvaluationPrompt prompt, EvaluationCell cell, CancellationToken cancellationToken);
}
