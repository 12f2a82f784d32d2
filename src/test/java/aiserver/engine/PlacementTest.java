package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.Devices.Device;
import aiserver.engine.Devices.Memory;
import aiserver.engine.Placement.Room;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where a model goes, for GPUs of any size: decided from figures alone. */
class PlacementTest {
    private static final long MB = 1L << 20;
    private static final Device CPU = new Device(0, "CPU", "a processor", Devices.Type.CPU);
    private static final Device FIRST = new Device(1, "CUDA0", "a GPU", Devices.Type.GPU);
    private static final Device SECOND = new Device(2, "CUDA1", "a GPU", Devices.Type.GPU);
    /** 36 layers of 100 MB, 400 MB of output matrix, 500 MB to compute in: 4500 MB. */
    private static final MemoryNeed LANGUAGE = new MemoryNeed("language model", 400 * MB, 100 * MB, 36, 500 * MB, 0);
    private static final MemoryNeed SPEECH = new MemoryNeed("speech model", 3000 * MB, 0, 0, 200 * MB, 0);
    /** 12000 MB, of which 7000 are text encoders. */
    private static final MemoryNeed PICTURE = new MemoryNeed("picture model", 11_500 * MB, 0, 0, 500 * MB, 7000 * MB);

    private static Room room(Device gpu, long freeMb) {
        return new Room(gpu, new Memory(freeMb * MB, 100_000 * MB), 1);
    }

    @Test
    void whatFitsGoesToTheGpuWholeAndWithoutARemark() {
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 4500)), Placement.ALL, true))
                .isEqualTo(new Placement(List.of(FIRST), Placement.ALL, false, null));
        assertThat(Placement.decide(SPEECH, List.of(room(FIRST, 3200)), Placement.ALL, false).device()).isEqualTo("CUDA0");
    }

    @Test
    void aLanguageModelThatDoesNotFitIsLoadedInPartAlsoWhereTheDeviceWasNamed() {
        for (boolean open : new boolean[] {true, false}) {
            Placement some = Placement.decide(LANGUAGE, List.of(room(FIRST, 2000)), Placement.ALL, open);
            assertThat(some.layers()).isEqualTo(11);
            assertThat(some.device()).isEqualTo("CUDA0");
            assertThat(some.remark()).isEqualTo("the language model needs about 4500 MB; CUDA0 has 2000 MB to give (2000 of 100000 MB"
                    + " are free, --gpu-memory is 1.0): 11 of 36 layers go there, the others run on the processor");
        }
    }

    @Test
    void oneByteTooFewCostsALayer() {
        Memory memory = new Memory(4500 * MB - 1, 100_000 * MB);
        assertThat(Placement.decide(LANGUAGE, List.of(new Room(FIRST, memory, 1)), Placement.ALL, true).layers()).isEqualTo(35);
    }

    @Test
    void withoutRoomForALayerItRunsOnTheProcessorOrIsRefusedWithTheFigures() {
        Placement cpu = Placement.decide(LANGUAGE, List.of(room(FIRST, 999)), Placement.ALL, true);
        assertThat(cpu.onGpu()).isFalse();
        assertThat(cpu.device()).isEqualTo("CPU");
        assertThat(cpu.remark()).endsWith("it runs on the processor");
        assertThatThrownBy(() -> Placement.decide(LANGUAGE, List.of(room(FIRST, 999)), Placement.ALL, false))
                .isInstanceOf(EngineException.class).hasMessageContaining("needs about 4500 MB").hasMessageContaining("CUDA0 has 999 MB to give")
                .extracting("kind").isEqualTo(EngineException.Kind.OUT_OF_MEMORY);
    }

    @Test
    void layersThatWereAskedForAreALimit() {
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 50_000)), 10, true).layers()).isEqualTo(10);
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 1900)), 10, true).layers()).isEqualTo(10);
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 1899)), 10, true).layers()).isEqualTo(9);
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 50_000)), 99, true).layers()).isEqualTo(Placement.ALL);
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 50_000)), 0, false)).isEqualTo(Placement.onCpu());
    }

    @Test
    void severalGpusGiveTogetherAndEachNeedsRoomToComputeIn() {
        List<Room> two = List.of(room(FIRST, 2500), room(SECOND, 2500));
        assertThat(Placement.decide(LANGUAGE, two, Placement.ALL, true)).isEqualTo(new Placement(List.of(FIRST, SECOND), Placement.ALL, false, null));
        assertThat(Placement.decide(LANGUAGE, two, Placement.ALL, true).device()).isEqualTo("CUDA0+CUDA1");
        assertThat(Placement.decide(LANGUAGE, List.of(room(FIRST, 2500), room(SECOND, 2400)), Placement.ALL, true).layers()).isEqualTo(35);
    }

    @Test
    void aPictureModelLeavesItsTextEncodersBehindBeforeItGivesUpTheGpu() {
        Placement split = Placement.decide(PICTURE, List.of(room(FIRST, 5000)), Placement.ALL, false);
        assertThat(split.encodersAway()).isTrue();
        assertThat(split.device()).isEqualTo("CUDA0");
        assertThat(split.remark()).endsWith("its text encoders run on the processor");
        assertThat(Placement.decide(PICTURE, List.of(room(FIRST, 4999)), Placement.ALL, true).onGpu()).isFalse();
    }

    @Test
    void theShareThatIsToStayFreeIsNotGiven() {
        Room room = new Room(FIRST, new Memory(6000 * MB, 10_000 * MB), 0.9);
        assertThat(room.bytes() / MB).isBetween(4999L, 5000L);
        assertThat(new Room(FIRST, new Memory(500 * MB, 10_000 * MB), 0.9).bytes()).isZero();
        assertThat(Placement.decide(SPEECH, List.of(new Room(FIRST, new Memory(4000 * MB, 10_000 * MB), 0.9)), Placement.ALL, true).remark())
                .contains("CUDA0 has 3000 MB to give (4000 of 10000 MB are free, --gpu-memory is 0.9)");
    }

    @Test
    void devicesAreChosenByNameAndByWhatTheyAre() {
        List<Device> machine = Arrays.asList(CPU, FIRST, SECOND);
        assertThat(Devices.choose(machine, "auto")).containsExactly(FIRST);
        assertThat(Devices.choose(List.of(CPU), "auto")).containsExactly(CPU);
        assertThat(Devices.choose(machine, "cpu")).containsExactly(CPU);
        assertThat(Devices.choose(machine, "cuda:1")).containsExactly(SECOND);
        assertThat(Devices.choose(machine, "CUDA1, cuda:0")).containsExactly(SECOND, FIRST);
        assertThatThrownBy(() -> Devices.choose(machine, "cuda:2")).hasMessageContaining("'cuda:2' is not on this machine, which has CPU, CUDA0, CUDA1")
                .extracting("kind").isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE);
        assertThatThrownBy(() -> Devices.choose(machine, "cuda:0,cuda:0")).hasMessageContaining("names CUDA0 twice");
        assertThatThrownBy(() -> Devices.choose(machine, "cuda:0,cpu")).hasMessageContaining("may name several GPUs, or one device");
        assertThatThrownBy(() -> Devices.choose(machine, "")).hasMessageContaining("device ''");
    }

    @Test
    void aModelThatCannotBeSplitTakesOneDevice() {
        assertThatThrownBy(() -> Placement.chooseOne(List.of(FIRST, SECOND), "cuda:0,cuda:1", () -> SPEECH))
                .isInstanceOf(EngineException.class).hasMessage("the speech model takes one device, not cuda:0,cuda:1")
                .extracting("kind").isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE);
        assertThat(Placement.chooseOne(List.of(CPU), "cpu", () -> SPEECH)).isEqualTo(Placement.onCpu());
    }

    @Test
    void whyThereIsNoGpuIsSaidInALine() {
        assertThat(GpuAbsence.reason(false, "")).contains("built without CUDA");
        assertThat(GpuAbsence.reason(true, "libcuda.so.1: cannot open shared object file: No such file or directory\n"))
                .isEqualTo("the NVIDIA driver is not installed (libcuda.so.1 was not found)");
        assertThat(GpuAbsence.reason(true, "libcublas.so.13: cannot open shared object file: No such file or directory\n"))
                .startsWith("the CUDA library libcublas.so.13 was not found");
        assertThat(GpuAbsence.reason(true, "ggml_cuda_init: failed to initialize CUDA: CUDA driver version is insufficient for CUDA runtime version\n"))
                .isEqualTo("the NVIDIA driver is missing, or older than these libraries need (failed to initialize CUDA: CUDA driver"
                        + " version is insufficient for CUDA runtime version)");
        assertThat(GpuAbsence.reason(true, "ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected\n"))
                .isEqualTo("the NVIDIA driver shows no GPU");
        assertThat(GpuAbsence.reason(true, "/x/libggml-cuda.so: file too short\n"))
                .isEqualTo("libggml-cuda.so found no GPU (/x/libggml-cuda.so: file too short)");
        assertThat(GpuAbsence.reason(true, "")).isEqualTo("libggml-cuda.so found no GPU");
    }

    @Test
    void aShareIsAboveNothingAndAtMostAll() {
        for (double wrong : new double[] {0, -1, 1.01, Double.NaN}) {
            assertThatThrownBy(() -> GpuMemory.limit(wrong)).hasMessageContaining("--gpu-memory must be above 0 and at most 1 but is " + wrong);
        }
    }
}
