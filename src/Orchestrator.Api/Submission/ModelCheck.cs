using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Submission;

/// <summary>Compares the models that a document names with those that connected workers have.</summary>
internal static class ModelCheck
{
    /// <summary>With no worker connected every name is accepted: the job waits for a worker that has the model.</summary>
    public static void Run(IReadOnlyList<WrittenField> named, IReadOnlyList<WorkerView> workers, List<DocumentError> errors)
    {
        var announced = workers.Where(w => w.Capabilities is not null).SelectMany(w => w.Capabilities!.Models).ToList();
        if (!workers.Any(w => w.Capabilities is not null))
        {
            return;
        }

        var usable = announced.Where(m => m.Problem is null).Select(m => m.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        foreach (var field in named.Where(f => !usable.Contains(f.Text, StringComparer.Ordinal)))
        {
            var known = usable.Count == 0 ? "workers have no usable model" : $"workers have: {string.Join(", ", usable)}";
            var broken = announced.FirstOrDefault(m => m.Name == field.Text)?.Problem;
            errors.Add(new(
                field.Path,
                field.Text,
                broken is null
                    ? $"no connected worker has this model; {known}. Put its folder under one of Models:Roots of a worker"
                    : $"the model cannot be used: {broken}; {known}"));
        }
    }
}
