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
        foreach (var field in named.Where(f => f.ModelKind is not null))
        {
            // A worker with a right folder of that name will do the job.
            var kinds = announced.Where(m => m.Problem is null && m.Name == field.Text).Select(m => m.Kind).Distinct(StringComparer.Ordinal).ToList();
            if (kinds.Count > 0 && !kinds.Contains(field.ModelKind!))
            {
                errors.Add(new(field.Path, field.Text, $"is a model of kind {string.Join(" and ", kinds)}, and {field.Path[(field.Path.LastIndexOf('.') + 1)..]} takes one of kind {field.ModelKind}{Suggest(announced, field.ModelKind!)}"));
            }
        }

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

    private static string Suggest(List<ModelInfo> announced, string kind)
    {
        var names = announced.Where(m => m.Problem is null && m.Kind == kind).Select(m => m.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return names.Count == 0 ? ", of which workers have none" : $"; workers have: {string.Join(", ", names)}";
    }
}
