using Orchestrator.Inference.Images;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Curation;

/// <summary>Models by name, loaded on first use and shared by all slots.</summary>
public interface IScoringModels
{
    /// <summary>The dual encoder called <paramref name="name"/>.</summary>
    /// <exception cref="Orchestrator.Inference.ModelContractException">The folder is missing or does not hold what its kind needs.</exception>
    IPairEncoder GetPairEncoder(string name);
}

/// <summary>An image tower and a text tower with one embedding space. Safe for concurrent use.</summary>
public interface IPairEncoder
{
    /// <summary>Digest of the model folder, lower-case hex sha256.</summary>
    string Digest { get; }

    /// <summary>Execution provider that it runs on: <c>cpu</c> or <c>cuda</c>.</summary>
    string Provider { get; }

    /// <summary>How images become tensors; encoders with equal contracts share one tensor.</summary>
    PreprocessContract Contract { get; }

    /// <summary>How texts become ids.</summary>
    ITextTokenizer Tokenizer { get; }

    /// <summary>Floats of one embedding.</summary>
    int Dimension { get; }

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
