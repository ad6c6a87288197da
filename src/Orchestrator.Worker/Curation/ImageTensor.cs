using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation;

/// <summary>A tensor that is made of every picture: preprocessing, before it perhaps the painting over of text. Thread-safe.</summary>
/// <param name="Preprocessor">Makes the tensor.</param>
/// <param name="Mask">Paints text over; null for the picture as it is.</param>
public sealed record ImageTensor(ImagePreprocessor Preprocessor, TextMask? Mask)
{
    /// <summary>Makes the tensor of a picture.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="signals">Receives what the mask measures.</param>
    public float[] Make(DecodedImage image, float[] signals)
    {
        var tensor = GC.AllocateUninitializedArray<float>(Preprocessor.Contract.TensorLength);
        Preprocessor.Write(Mask?.Apply(image, signals) ?? image, tensor);
        return tensor;
    }
}
