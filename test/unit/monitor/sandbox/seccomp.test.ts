import { expect } from 'chai';
import { seccompProgram } from '../../../../monitor/sandbox/seccomp.ts';

const ALLOW = 0x7fff_0000;
const REFUSE = 0x0005_0001;
const X64 = 0xc000_003e;

/** Runs the program as the kernel does, for a call with this first argument. */
function verdict(program: Buffer, number: number, argument = 0, architecture = X64): number {
  const data = new Map([
    [0, number],
    [4, architecture],
    [16, argument],
  ]);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const [code, value] = [program.readUInt16LE(at), program.readUInt32LE(at + 4)];
    const [ifTrue, ifFalse] = [program.readUInt8(at + 2), program.readUInt8(at + 3)];
    if (code === 0x06) return value;
    if (code === 0x20) accumulator = data.get(value)!;
    else at += 8 * ((code === 0x15 ? accumulator === value : accumulator >= value) ? ifTrue : ifFalse);
  }
  throw new Error('the program has no end');
}

describe('the filter of system calls', () => {
  const program = seccompProgram('x64')!;
  const refused = {
    ...{ ptrace: 101, mount: 165, umount2: 166, pivot_root: 155, unshare: 272, setns: 308, bpf: 321 },
    ...{ process_vm_readv: 310, keyctl: 250, userfaultfd: 323, io_uring_setup: 425, open_by_handle_at: 304 },
  };
  for (const [name, number] of Object.entries(refused))
    it(`refuses ${name}`, () => expect(verdict(program, number)).to.equal(REFUSE));

  const allowed = { read: 0, write: 1, mmap: 9, clone: 56, execve: 59, openat: 257, clone3: 435, futex: 202 };
  for (const [name, number] of Object.entries(allowed))
    it(`allows ${name}`, () => expect(verdict(program, number)).to.equal(ALLOW));

  it('allows sockets of the usual families, and none to the hypervisor or the kernel’s ciphers', () => {
    for (const family of [1, 2, 10, 16]) expect(verdict(program, 41, family), `${family}`).to.equal(ALLOW);
    for (const family of [38, 40]) expect(verdict(program, 41, family), `${family}`).to.equal(REFUSE);
  });

  it('refuses calls by another interface, whose numbers mean others', () => {
    expect(verdict(program, 0x4000_0000)).to.equal(REFUSE);
    expect(verdict(program, 0, 0, 0x4000_0003)).to.equal(REFUSE);
  });

  it('is not there for processors on which it was not tried', () => {
    expect(seccompProgram('arm64')).to.equal(null);
  });
});
