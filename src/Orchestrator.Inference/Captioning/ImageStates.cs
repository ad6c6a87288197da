namespace Orchestrator.Inference.Captioning;

/// <summary>What a BLIP image encoder makes of images: one row of token states an image, read by captioner and matcher through cross-attention.</summary>
/// <param name="Values">count x tokens x width floats, images one after another.</param>
/// <param name="Count">Images.</param>
/// <param name="Tokens">States of one image (577 for 384 pixels in patches of 16).</param>
/// <param name="Width">Floats of one state.</param>
public sealed record ImageStates(ReadOnlyMemory<float> Values, int Count, int Tokens, int Width)
{
    /// <summary>Floats of one image.</summary>
    public int RowLength => Tokens * Width;

    /// <summary>States of the images in the given places, in that order; a place may occur again.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A place outside 0 to <see cref="Count"/>.</exception>
    public ImageStates Select(ReadOnlySpan<int> images)
    {
        var values = new float[images.Length * RowLength];
        for (var i = 0; i < images.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)images[i], (uint)Count, nameof(images));
            Values.Span.Slice(images[i] * RowLength, RowLength).CopyTo(values.AsSpan(i * RowLength));
        }

        return this with { Values = values, Count = images.Length };
    }
}
