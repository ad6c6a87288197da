namespace Orchestrator.Inference.Images;

/// <summary>
/// Decoded pixels to a model's input tensor: resize (PIL's, on 8-bit pixels), centre crop, rescale, normalise, CHW float32.
/// </summary>
/// <remarks>
/// Follows transformers' CLIPImageProcessor on NumPy and PIL: the longer edge is <c>int(edge * long / short)</c>, the crop starts at
/// <c>(size - crop) // 2</c>, an image smaller than the crop is padded with zeros before normalisation, and a value is
/// <c>(float32(v * factor) - mean) / std</c>. torchvision rounds the crop's start half to even instead, which moves the window by
/// one pixel where the difference is 4n + 3. Thread-safe.
/// </remarks>
public sealed class ImagePreprocessor
{
    private readonly float[] _values;

    /// <param name="contract">What to produce.</param>
    public ImagePreprocessor(PreprocessContract contract)
    {
        Contract = contract;
        _values = new float[3 * 256];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var level = 0; level < 256; level++)
            {
                var rescaled = (float)(level * contract.RescaleFactor);
                _values[(channel * 256) + level] = (rescaled - contract.Mean[channel]) / contract.Std[channel];
            }
        }
    }

    /// <summary>What is produced.</summary>
    public PreprocessContract Contract { get; }

    /// <summary>Writes the tensor of one image.</summary>
    /// <param name="image">Grey or RGB pixels; grey is replicated.</param>
    /// <param name="tensor">Exactly <see cref="PreprocessContract.TensorLength"/> floats: 3 planes of Height x Width.</param>
    /// <exception cref="ArgumentException">The tensor has another length.</exception>
    public void Write(DecodedImage image, Span<float> tensor)
    {
        if (tensor.Length != Contract.TensorLength)
        {
            throw new ArgumentException($"needs {Contract.TensorLength} floats, got {tensor.Length}", nameof(tensor));
        }

        var pixels = Pixels(image);
        var plane = Contract.Height * Contract.Width;
        for (var channel = 0; channel < 3; channel++)
        {
            var into = tensor.Slice(channel * plane, plane);
            var values = _values.AsSpan(channel * 256, 256);
            var from = pixels.Channels == 1 ? 0 : channel;
            for (var i = 0; i < into.Length; i++, from += pixels.Channels)
            {
                into[i] = values[pixels.Pixels[from]];
            }
        }
    }

    /// <summary>The 8-bit image just before rescaling: resized, cropped, padded. Same channels as the source.</summary>
    public DecodedImage Pixels(DecodedImage image)
    {
        var (width, height) = ResizedSize(image.Width, image.Height);
        var (cropWidth, cropHeight) = Contract.CropHeight > 0 ? (Contract.CropWidth, Contract.CropHeight) : (width, height);
        var (left, top) = (FloorHalf(width - cropWidth), FloorHalf(height - cropHeight));

        // The part of the crop that the resized image covers; the rest stays zero.
        var (x, y) = (Math.Max(left, 0), Math.Max(top, 0));
        var window = new PixelRect(x, y, Math.Min(left + cropWidth, width) - x, Math.Min(top + cropHeight, height) - y);
        var covered = new byte[window.Width * window.Height * image.Channels];
        PilResampler.Resize(image, width, height, Contract.Filter, window, covered);
        if (window.Width == cropWidth && window.Height == cropHeight)
        {
            return new DecodedImage(cropWidth, cropHeight, image.Channels, covered);
        }

        var padded = new byte[cropWidth * cropHeight * image.Channels];
        for (var row = 0; row < window.Height; row++)
        {
            covered.AsSpan(row * window.Width * image.Channels, window.Width * image.Channels)
                .CopyTo(padded.AsSpan((((row + y - top) * cropWidth) + x - left) * image.Channels));
        }

        return new DecodedImage(cropWidth, cropHeight, image.Channels, padded);
    }

    /// <summary>Size after the resize step, before any crop.</summary>
    public (int Width, int Height) ResizedSize(int width, int height)
    {
        switch (Contract.Resize)
        {
            case ResizeMode.None:
                return (width, height);
            case ResizeMode.Exact:
                return (Contract.ResizeWidth, Contract.ResizeHeight);
            default:
                var (shorter, longer) = width <= height ? (width, height) : (height, width);
                var edge = Contract.ResizeHeight;
                // Only the crop is ever computed, so an extreme strip costs its weights, not its pixels.
                var scaled = (int)Math.Min((double)((long)edge * longer) / shorter, int.MaxValue);
                return width <= height ? (edge, scaled) : (scaled, edge);
        }
    }

    private static int FloorHalf(int difference) => difference >> 1;
}
