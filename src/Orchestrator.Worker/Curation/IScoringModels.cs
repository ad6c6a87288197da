using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Detection;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Curation;

/// <summary>Models by name, loaded on first use and shared by all slots.</summary>
public interface IScoringModels
{
    /// <summary>The dual encoder called <paramref name="name"/>.</summary>
    /// <exception cref="Orchestrator.Inference.ModelContractException">The folder is missing or does not hold what its kind needs.</exception>
    IPairEncoder GetPairEncoder(string name);

    /// <summary>The captioner called <paramref name="name"/>.</summary>
    /// <exception cref="Orchestrator.Inference.ModelContractException">As for the others; also a folder of another kind.</exception>
    IImageCaptioner GetCaptioner(string name);

    /// <summary>The matcher called <paramref name="name"/>.</summary>
    /// <exception cref="Orchestrator.Inference.ModelContractException">As for the others; also a folder of another kind.</exception>
    ICaptionMatcher GetMatcher(string name);

    /// <summary>The text detector called <paramref name="name"/>.</summary>
    /// <exception cref="Orchestrator.Inference.ModelContractException">As for the others; also a folder of another kind.</exception>
    ITextDetector GetTextDetector(string name);
}

/// <summary>A model that takes pictures. Safe for concurrent use.</summary>
public interface IScoringModel
{
    /// <summary>Kind of the model folder, for example <c>clip</c>.</summary>
    string Kind { get; }

    /// <summary>Digest of the model folder, lower-case hex sha256.</summary>
    string Digest { get; }

    /// <summary>Execution provider that it runs on: <c>cpu</c> or <c>cuda</c>.</summary>
    string Provider { get; }

    /// <summary>How images become tensors; models with equal contracts share one tensor.</summary>
    PreprocessContract Contract { get; }
}

/// <summary>An image tower and a text tower with one embedding space.</summary>
public interface IPairEncoder : IScoringModel
{
    /// <summary>How texts become ids.</summary>
    ITextTokenizer Tokenizer { get; }

    /// <summary>Floats of one embedding.</summary>
    int Dimension { get; }

    /// <summary>Digest of the image half alone: embeddings of pictures made under the same one may stand for each other.</summary>
    string ImageDigest { get; }

    /// <summary>What turns cosines into logits and probabilities.</summary>
    /// <exception cref="Orchestrator.Inference.ModelContractException">The manifest states no scale or no bias.</exception>
    PairLogits GetLogits();

    /// <summary>Encodes <paramref name="count"/> images, [count, 3, H, W] row by row.</summary>
    /// <returns>[count, dimension], each row of length 1; a row is NaN where the model gave no finite embedding.</returns>
    float[] EncodeImages(float[] pixels, int count);

    /// <summary>Encodes <paramref name="count"/> rows of <see cref="ITextTokenizer.ContextLength"/> ids.</summary>
    /// <param name="ids">[count, context].</param>
    /// <param name="lengths">Ids before the padding, for each row.</param>
    /// <param name="count">Rows.</param>
    /// <returns>[count, dimension], each row of length 1; a row is NaN where the model gave no finite embedding.</returns>
    float[] EncodeTexts(long[] ids, int[] lengths, int count);
}

/// <summary>Writes a caption for each picture.</summary>
public interface IImageCaptioner : IScoringModel
{
    /// <summary>Settings where a document states none.</summary>
    CaptionOptions Defaults { get; }

    /// <summary>Captions <paramref name="count"/> images.</summary>
    /// <param name="pixels">[count, 3, H, W].</param>
    /// <param name="count">Images.</param>
    /// <param name="seeds">A seed an image.</param>
    /// <param name="options">Settings.</param>
    /// <returns>A text an image; empty where the model ended at once, null where its scores were not numbers.</returns>
    /// <exception cref="Orchestrator.Inference.ModelContractException">The settings are beyond the model, for example longer than its positions.</exception>
    string?[] Caption(float[] pixels, int count, ulong[] seeds, CaptionOptions options);
}

/// <summary>Says how likely it is that a text describes a picture.</summary>
public interface ICaptionMatcher : IScoringModel
{
    /// <summary>Judges several texts for each of <paramref name="count"/> images.</summary>
    /// <param name="pixels">[count, 3, H, W].</param>
    /// <param name="count">Images.</param>
    /// <param name="token">Token in the first place of a text.</param>
    /// <param name="texts">Lists of <paramref name="count"/> texts each, cleaned by the caller.</param>
    /// <returns>For each list the probabilities in [0, 1]; NaN where the model gave no number.</returns>
    float[][] Match(float[] pixels, int count, MatchToken token, params IReadOnlyList<string>[] texts);
}

/// <summary>Finds text in pictures.</summary>
public interface ITextDetector : IScoringModel
{
    /// <summary>Maps one picture.</summary>
    /// <param name="pixels">[3, H, W].</param>
    TextMap Detect(float[] pixels);
}
