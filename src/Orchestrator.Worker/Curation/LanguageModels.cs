using System.Collections.Concurrent;
using Orchestrator.Data.Storage;
using Orchestrator.Inference;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Curation;

/// <summary>fastText language models by path, loaded once and shared by all slots.</summary>
public sealed class LanguageModels(AllowedRoots roots)
{
    private readonly ConcurrentDictionary<string, Lazy<FastTextLanguageModel>> _loaded = new(StringComparer.Ordinal);

    /// <summary>The labeller of a model file: the best label without <c>__label__</c>, newlines read as blanks as DataComp does; empty where there is none.</summary>
    /// <exception cref="ModelContractException">The path is refused or the file is not a fastText classifier.</exception>
    public Func<string, string> Labeller(string path)
    {
        var resolved = roots.Resolve(path, "stages[].languageModel");
        if (!resolved.Ok)
        {
            throw new ModelContractException(path, "languageModel", "a file inside Storage:AllowedRoots", resolved.Fault!.Problem, resolved.Fault.Remedy);
        }

        var model = _loaded.GetOrAdd(resolved.Value, file => new Lazy<FastTextLanguageModel>(() => FastTextLanguageModel.Load(file))).Value;
        return text => model.Predict(text) is [var best, ..] ? best.Label : "";
    }
}
