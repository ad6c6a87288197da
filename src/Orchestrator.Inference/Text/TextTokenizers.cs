using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Text;

/// <summary>Chooses the tokenizer of a model folder.</summary>
public static class TextTokenizers
{
    /// <summary>Loads the tokenizer of a folder and checks it against the text model's vocabulary.</summary>
    /// <exception cref="ModelContractException">The files are missing, of a family that is not read, or larger than the text model's table.</exception>
    public static ITextTokenizer Load(ModelFolder folder)
    {
        var cleaning = folder.Manifest.TextCleaning == "openai" ? ClipTextCleaning.OpenAi : ClipTextCleaning.HuggingFace;
        var tokenizer = ClipTokenizer.Load(folder.FolderPath, cleaning);
        var rows = folder.ConfigInteger("text_config.vocab_size") ?? folder.ConfigInteger("vocab_size");
        return rows is null || tokenizer.LargestId < rows
            ? tokenizer
            : throw new ModelContractException(folder.PathOf("config.json"), "text_config.vocab_size", $"more than {tokenizer.LargestId}, the tokenizer's largest id", rows.Value.ToString(), "Take tokenizer and config from one download");
    }
}
