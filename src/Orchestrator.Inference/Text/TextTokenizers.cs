using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Text;

/// <summary>Chooses the tokenizer of a model folder by its kind.</summary>
public static class TextTokenizers
{
    /// <summary>Loads the tokenizer of a <c>clip</c> or <c>siglip</c> folder and checks it against the text model's vocabulary.</summary>
    /// <exception cref="ModelContractException">The files are missing, of a family that is not read, or larger than the text model's table.</exception>
    public static ITextTokenizer Load(ModelFolder folder)
    {
        if (folder.Kind == "siglip")
        {
            var siglip = SiglipTokenizer.Load(folder.FolderPath, folder.Manifest.TextCleaning == "hf" ? SiglipTextCleaning.HuggingFace : SiglipTextCleaning.BigVision);
            Check(folder, siglip.LargestId);
            return siglip;
        }

        var tokenizer = ClipTokenizer.Load(folder.FolderPath, folder.Manifest.TextCleaning == "openai" ? ClipTextCleaning.OpenAi : ClipTextCleaning.HuggingFace);
        Check(folder, tokenizer.LargestId);
        return tokenizer;
    }

    /// <summary>Loads the WordPiece tokenizer of a <c>blip-caption</c> or <c>blip-itm</c> folder.</summary>
    /// <param name="folder">Folder.</param>
    /// <param name="contextLength">Ids of a row.</param>
    /// <exception cref="ModelContractException">As <see cref="Load"/>.</exception>
    public static WordPieceTokenizer LoadWordPiece(ModelFolder folder, int contextLength)
    {
        var tokenizer = WordPieceTokenizer.Load(folder.FolderPath, contextLength);
        Check(folder, tokenizer.LargestId);
        return tokenizer;
    }

    /// <summary>Loads the byte-level tokenizer of a <c>causal-lm</c> folder.</summary>
    /// <exception cref="ModelContractException">As <see cref="Load"/>.</exception>
    public static ByteLevelTokenizer LoadByteLevel(ModelFolder folder)
    {
        var tokenizer = ByteLevelTokenizer.Load(folder.FolderPath);
        Check(folder, tokenizer.VocabularySize - 1);
        return tokenizer;
    }

    private static void Check(ModelFolder folder, int largest)
    {
        var rows = folder.ConfigInteger("text_config.vocab_size") ?? folder.ConfigInteger("vocab_size");
        if (rows is not null && largest >= rows)
        {
            throw new ModelContractException(folder.PathOf("config.json"), "text_config.vocab_size", $"more than {largest}, the tokenizer's largest id", rows.Value.ToString(), "Take tokenizer and config from one download");
        }
    }
}
