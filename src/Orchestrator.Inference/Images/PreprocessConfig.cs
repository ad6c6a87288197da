using System.Text.Json;

namespace Orchestrator.Inference.Images;

/// <summary>Reads <c>preprocessor_config.json</c> into a <see cref="PreprocessContract"/>, with the defaults of the processor it names.</summary>
internal static class PreprocessConfig
{
    private const int LargestEdge = 16_384;

    public static PreprocessContract Parse(JsonFile file)
    {
        // CLIP's processors have defaults of their own and crop; every other one squashes and must state what it wants.
        var processor = file.Text("image_processor_type") ?? file.Text("feature_extractor_type") ?? "CLIPImageProcessor";
        var clip = processor.StartsWith("CLIP", StringComparison.Ordinal) || processor.StartsWith("ChineseCLIP", StringComparison.Ordinal);

        if (!file.Flag("do_convert_rgb", true))
        {
            // The tensor always has three channels: grey is replicated, as convert("RGB") does.
            throw new ModelContractException(file.Path, "do_convert_rgb", "true or absent", "false", "Only models that take RGB are supported");
        }

        var contract = new PreprocessContract
        {
            Filter = Filter(file, clip),
            RescaleFactor = file.Flag("do_rescale", true) ? Positive(file, "rescale_factor", file.Number("rescale_factor", 1.0 / 255)) : 1.0,
        };
        contract = Size(file, contract, clip);
        contract = Crop(file, contract, clip);
        if (contract.Resize == ResizeMode.ShortestEdge && contract.CropHeight == 0)
        {
            throw new ModelContractException(file.Path, "do_center_crop", "true, since size.shortest_edge leaves the longer edge open", "false", "A batch needs one size: set do_center_crop, or give size as height and width");
        }

        if (contract.Resize == ResizeMode.None && contract.CropHeight == 0)
        {
            throw new ModelContractException(file.Path, "do_resize", "true, or do_center_crop true", "both false", "A batch needs one size");
        }

        return file.Flag("do_normalize", true)
            ? contract with { Mean = Triple(file, "image_mean", clip ? PreprocessContract.ClipMean : null), Std = Deviation(file, clip) }
            : contract with { Mean = default, Std = new ChannelTriple(1, 1, 1) };
    }

    private static PilFilter Filter(JsonFile file, bool clip)
    {
        var number = file.Integer("resample") ?? (clip ? (int)PilFilter.Bicubic : throw Unstated(file, "resample"));
        return Enum.IsDefined((PilFilter)number)
            ? (PilFilter)number
            : throw new ModelContractException(file.Path, "resample", "0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box or 5 hamming", number.ToString());
    }

    private static PreprocessContract Size(JsonFile file, PreprocessContract contract, bool clip)
    {
        if (!file.Flag("do_resize", true))
        {
            return contract with { Resize = ResizeMode.None, ResizeHeight = 0, ResizeWidth = 0 };
        }

        if (file.Find("size") is not { } size)
        {
            return clip ? contract : throw Unstated(file, "size");
        }

        if (size.ValueKind == JsonValueKind.Number)
        {
            var edge = Edge(file, "size", size);
            return contract with { Resize = clip ? ResizeMode.ShortestEdge : ResizeMode.Exact, ResizeHeight = edge, ResizeWidth = edge };
        }

        if (size.ValueKind == JsonValueKind.Object && size.TryGetProperty("shortest_edge", out var shortest) && !size.TryGetProperty("longest_edge", out _))
        {
            var edge = Edge(file, "size.shortest_edge", shortest);
            return contract with { Resize = ResizeMode.ShortestEdge, ResizeHeight = edge, ResizeWidth = edge };
        }

        if (size.ValueKind == JsonValueKind.Object && size.TryGetProperty("height", out var height) && size.TryGetProperty("width", out var width))
        {
            return contract with { Resize = ResizeMode.Exact, ResizeHeight = Edge(file, "size.height", height), ResizeWidth = Edge(file, "size.width", width) };
        }

        throw file.Wrong("size", "{\"shortest_edge\": n}, {\"height\": n, \"width\": n} or a whole number", size);
    }

    private static PreprocessContract Crop(JsonFile file, PreprocessContract contract, bool clip)
    {
        if (!file.Flag("do_center_crop", clip))
        {
            return contract with { CropHeight = 0, CropWidth = 0 };
        }

        switch (file.Find("crop_size"))
        {
            case null:
                return contract with { CropHeight = 224, CropWidth = 224 };
            case { ValueKind: JsonValueKind.Number } number:
                var edge = Edge(file, "crop_size", number);
                return contract with { CropHeight = edge, CropWidth = edge };
            case { ValueKind: JsonValueKind.Object } pair when pair.TryGetProperty("height", out var height) && pair.TryGetProperty("width", out var width):
                return contract with { CropHeight = Edge(file, "crop_size.height", height), CropWidth = Edge(file, "crop_size.width", width) };
            case { } other:
                throw file.Wrong("crop_size", "{\"height\": n, \"width\": n} or a whole number", other);
        }
    }

    private static ModelContractException Unstated(JsonFile file, string field) =>
        new(file.Path, field, "a value, since only CLIP's processors have known defaults here", "nothing", "Add it as the model's card states it");

    private static int Edge(JsonFile file, string field, JsonElement value)
    {
        var edge = file.Integer(field, value);
        return edge is >= 1 and <= LargestEdge ? edge : throw file.Wrong(field, $"1 to {LargestEdge} pixels", value);
    }

    private static double Positive(JsonFile file, string field, double value) =>
        double.IsFinite(value) && value > 0 ? value : throw new ModelContractException(file.Path, field, "a number above 0", value.ToString("R"));

    private static ChannelTriple Deviation(JsonFile file, bool clip)
    {
        var std = Triple(file, "image_std", clip ? PreprocessContract.ClipStd : null);
        return std is { Red: > 0, Green: > 0, Blue: > 0 } ? std : throw new ModelContractException(file.Path, "image_std", "three numbers above 0", std.ToString());
    }

    private static ChannelTriple Triple(JsonFile file, string field, ChannelTriple? fallback)
    {
        switch (file.Find(field))
        {
            case null:
                return fallback ?? throw Unstated(file, field);
            case { ValueKind: JsonValueKind.Number } one:
                return new ChannelTriple(one.GetSingle(), one.GetSingle(), one.GetSingle());
            case { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() == 3 && list.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Number):
                return new ChannelTriple(list[0].GetSingle(), list[1].GetSingle(), list[2].GetSingle());
            case { } other:
                throw file.Wrong(field, "three numbers", other);
        }
    }
}
