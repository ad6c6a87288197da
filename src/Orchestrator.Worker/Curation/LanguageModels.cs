using System.Security.Cryptography;
using Orchestrator.Data.Storage;
using Orchestrator.Inference;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Curation;

/// <summary>A fastText language model as loaded.</summary>
/// <param name="Label">The best label of a text without <c>__label__</c>, newlines read as blanks as DataComp does; empty where there is none.</param>
/// <param name="Digest">SHA-256 of the file, lower-case hex.</param>
public sealed record LanguageModel(Func<string, string> Label, string Digest);

/// <summary>fastText language models by path, loaded once for each content and shared by all slots.</summary>
public sealed class LanguageModels(AllowedRoots roots)
{
    private readonly LoadedFiles<LanguageModel> _loaded = new(Read);

    /// <summary>The model of a file.</summary>
    /// <exception cref="ModelContractException">The path is refused or the file is not a fastText classifier.</exception>
    public LanguageModel Get(string path)
    {
        var resolved = roots.Resolve(path, "stages[].languageModel");
        if (!resolved.Ok)
        {
            throw new ModelContractException(path, "languageModel", "a file inside Storage:AllowedRoots", resolved.Fault!.Problem, resolved.Fault.Remedy);
        }

        return _loaded.Get(resolved.Value, resolved.Value);
    }

    private static LanguageModel Read(string file)
    {
        var model = FastTextLanguageModel.Load(file);
        using var bytes = File.OpenRead(file);
        return new LanguageModel(text => model.Predict(text) is [var best, ..] ? best.Label : "", Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
