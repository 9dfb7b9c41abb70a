/**
 * The system calls that a sandboxed worker may not make, as a program for the kernel's filter (classic BPF, 8 bytes an
 * instruction), which bwrap installs. They are ways to other processes, to mounts, and to parts of the kernel that no worker needs.
 * Pure. Only for x64, where it is tested: null elsewhere.
 */

/** Offsets in what the kernel gives the filter: the number of the call at 0, the architecture at 4, arguments of 8 bytes from 16 on. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const FIRST_ARGUMENT_AT = 16;

const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;

const ALLOW = 0x7fff_0000;
/** The call fails with EPERM. */
const REFUSE = 0x0005_0001;

const X64_ARCHITECTURE = 0xc000_003e;
/** Numbers from here on are those of the x32 interface to the same calls. */
const X32_NUMBERS = 0x4000_0000;

const X64_REFUSED: Readonly<Record<string, number>> = {
  ...{ ptrace: 101, process_vm_readv: 310, process_vm_writev: 311, pidfd_getfd: 438 },
  ...{ mount: 165, umount2: 166, pivot_root: 155, open_tree: 428, move_mount: 429, fsopen: 430 },
  ...{ fsconfig: 431, fsmount: 432, fspick: 433, mount_setattr: 442, chroot: 161 },
  ...{ unshare: 272, setns: 308 },
  ...{ init_module: 175, delete_module: 176, finit_module: 313, kexec_load: 246, kexec_file_load: 320 },
  ...{ bpf: 321, perf_event_open: 298, userfaultfd: 323 },
  ...{ io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  ...{ add_key: 248, request_key: 249, keyctl: 250 },
  ...{ name_to_handle_at: 303, open_by_handle_at: 304 },
};
const X64_SOCKET = 41;
/** Kinds of sockets that no namespace separates: to the hypervisor, and to the kernel's ciphers. */
const REFUSED_SOCKETS = { AF_VSOCK: 40, AF_ALG: 38 };

type Instruction = readonly [code: number, jumpIfTrue: number, jumpIfFalse: number, value: number];

/** Returns the program; null for an architecture whose calls are not known here. */
export function seccompProgram(architecture: string): Buffer | null {
  return architecture === 'x64' ? encode(x64Program()) : null;
}

function x64Program(): Instruction[] {
  const refused = Object.values(X64_REFUSED);
  const sockets = Object.values(REFUSED_SOCKETS);
  // Behind the comparisons: allow, refuse. Jumps count the instructions that are left out.
  const allow: Instruction[] = [
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE],
  ];
  const ofSocket: Instruction[] = [
    [LOAD, 0, 0, FIRST_ARGUMENT_AT],
    ...sockets.map((kind, index): Instruction => [JUMP_IF_EQUAL, sockets.length - index, 0, kind]),
  ];
  const ofNumber: Instruction[] = [
    ...refused.map((number, index): Instruction => {
      const left = refused.length - index; // further comparisons, and that of `socket`
      return [JUMP_IF_EQUAL, left + ofSocket.length + 1, 0, number];
    }),
    [JUMP_IF_EQUAL, 0, ofSocket.length, X64_SOCKET],
  ];
  const rest = ofNumber.length + ofSocket.length;
  return [
    [LOAD, 0, 0, ARCHITECTURE_AT],
    [JUMP_IF_EQUAL, 0, rest + 3, X64_ARCHITECTURE],
    [LOAD, 0, 0, NUMBER_AT],
    [JUMP_IF_AT_LEAST, rest + 1, 0, X32_NUMBERS],
    ...ofNumber,
    ...ofSocket,
    ...allow,
  ];
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jumpIfTrue, jumpIfFalse, value], index) => {
    const at = index * 8;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jumpIfTrue, at + 2);
    bytes.writeUInt8(jumpIfFalse, at + 3);
    bytes.writeUInt32LE(value >>> 0, at + 4);
  });
  return bytes;
}
