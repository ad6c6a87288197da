using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Orchestrator.Samples.PoolGenerator.Captions;
using Orchestrator.Samples.PoolGenerator.Drawing;
using Orchestrator.Samples.PoolGenerator.Scenes;

namespace Orchestrator.Samples.PoolGenerator;

/// <summary>
/// Makes any sample of a pool from its index alone. A duplicate redraws the sample it copies, so shards need nothing
/// from one another and can be written in any order.
/// </summary>
internal sealed class PoolSampler(PoolOptions options)
{
    /// <summary>Draws for another sample that fits before the best one so far is taken.</summary>
    private const int Tries = 64;

    public PoolSample Make(long index)
    {
        var defect = DefectOf(index);
        var damage = new SeededStream(options.Seed, StreamPurpose.Damage, index);
        var source = index;
        if (defect is DefectKind.ExactDuplicate or DefectKind.NearDuplicate)
        {
            source = FindClean(index, damage);
            if (source == index)
            {
                defect = DefectKind.None;
            }
        }

        var scene = SceneOf(source);
        var canvas = Canvas.Draw(new SeededStream(options.Seed, StreamPurpose.Canvas, source), defect);
        var captionIndex = defect == DefectKind.NearDuplicate ? index : source;
        var trueCaption = CaptionWriter.Describe(scene, new SeededStream(options.Seed, StreamPurpose.Caption, captionIndex));
        var caption = Caption(defect, index, scene, trueCaption, damage);
        var picture = Picture(defect, scene, canvas, source, damage);

        return new PoolSample(
            Key(index), (int)(index / options.SamplesPerShard), Uid(index), picture.Bytes, picture.Extension,
            picture.Width, picture.Height, caption, trueCaption, scene, defect, source == index ? null : Key(source));
    }

    private DefectKind DefectOf(long index)
    {
        var u = new SeededStream(options.Seed, StreamPurpose.Defect, index).NextDouble();
        foreach (var kind in DefectRates.Defects)
        {
            u -= options.Rates.Of(kind);
            if (u < 0)
            {
                return kind;
            }
        }

        return DefectKind.None;
    }

    private Scene SceneOf(long index) => SceneSampler.Draw(new SeededStream(options.Seed, StreamPurpose.Scene, index));

    private string? Caption(DefectKind defect, long index, Scene scene, string trueCaption, SeededStream damage) => defect switch
    {
        DefectKind.SwappedCaption => CaptionWriter.Describe(FindDifferent(scene, damage), damage),
        DefectKind.PartialTruth => CaptionWriter.Describe(
            CaptionDefects.WithOneAttributeWrong(scene, damage),
            new SeededStream(options.Seed, StreamPurpose.Caption, index)),
        DefectKind.BoilerplateCaption => CaptionDefects.DrawBoilerplate(damage),
        DefectKind.FileNameCaption => CaptionDefects.DrawFileName(damage),
        DefectKind.ShortCaption => CaptionDefects.DrawTooShort(damage),
        DefectKind.MissingCaption => null,
        _ => trueCaption,
    };

    private EncodedPicture Picture(DefectKind defect, Scene scene, Canvas canvas, long source, SeededStream damage)
    {
        using var bitmap = ScenePainter.Paint(
            scene, canvas.Width, canvas.Height, new SeededStream(options.Seed, StreamPurpose.Paint, source));
        switch (defect)
        {
            case DefectKind.NearDuplicate:
                using (var copy = PictureDefects.Redraw(bitmap, damage))
                {
                    return EncodedPicture.Of(copy, PictureFormat.Jpeg, damage.Between(70, 84));
                }

            case DefectKind.TruncatedImage:
                var whole = EncodedPicture.Of(bitmap, PictureFormat.Jpeg, canvas.Quality);
                return whole with { Bytes = PictureDefects.Truncate(whole.Bytes, damage) };
            case DefectKind.WrongExtension:
                var format = damage.Pick<PictureFormat>([PictureFormat.Png, PictureFormat.WebP, PictureFormat.Jpeg]);
                return EncodedPicture.Of(bitmap, format, canvas.Quality) with
                {
                    Extension = format == PictureFormat.Jpeg ? "png" : "jpg",
                };
            default:
                return EncodedPicture.Of(bitmap, canvas.Format, canvas.Quality);
        }
    }

    /// <summary>Another sample without defect, or the index itself if none was found.</summary>
    private long FindClean(long index, SeededStream stream)
    {
        for (var i = 0; i < Tries; i++)
        {
            var other = stream.Next(options.Samples);
            if (other != index && DefectOf(other) == DefectKind.None)
            {
                return other;
            }
        }

        return index;
    }

    /// <summary>The scene of another sample with no colour of this one; in a pool too small to have one, a new scene.</summary>
    private Scene FindDifferent(Scene scene, SeededStream stream)
    {
        for (var i = 0; i < Tries; i++)
        {
            var other = SceneOf(stream.Next(options.Samples));
            if (other.IsClearlyDifferentFrom(scene))
            {
                return other;
            }
        }

        return DifferentScene.Draw(scene, stream);
    }

    private string Key(long index) => string.Create(
        CultureInfo.InvariantCulture, $"{index / options.SamplesPerShard * 10_000 + index % options.SamplesPerShard:D12}");

    private string Uid(long index)
    {
        Span<byte> name = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(name, options.Seed);
        BinaryPrimitives.WriteInt64LittleEndian(name[8..], index);
        return Convert.ToHexStringLower(SHA256.HashData(name).AsSpan(0, 16));
    }
}
