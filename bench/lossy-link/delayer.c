/*
 * A long and lossy link for one machine, for kernels without netem. Packets that iptables sends to an NFQUEUE are held for a fixed time and then let
 * go, in their order; some are dropped instead, at random.
 *
 *   delayer QUEUE DELAY_MS LOSS_PERCENT SEED
 *
 * Writes a line to standard output when it is ready. On SIGTERM it lets go of all packets that it holds and ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

/* Packets held at once. More than any link that is simulated here has in flight: 100 ms at 1 GB/s are 70,000 of full size. */
#define HELD_MAX (1u << 18)
#define SOCKET_BYTES (64 << 20)

struct held {
  uint32_t id;
  int64_t due_us;
};

/* All packets are held equally long, so the one that came first is due first. */
static struct held ring[HELD_MAX];
static unsigned first, next;

static int64_t delay_us;
static double loss; /* share of packets, from 0 to 1 */
static volatile sig_atomic_t ending;

static int64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void end(int signal) {
  (void)signal;
  ending = 1;
}

static int take(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data, void *context) {
  (void)message;
  (void)context;
  uint32_t id = ntohl(nfq_get_msg_packet_hdr(data)->packet_id);
  if (drand48() < loss || next - first == HELD_MAX) return nfq_set_verdict(queue, id, NF_DROP, 0, NULL);
  ring[next % HELD_MAX] = (struct held){id, now_us() + delay_us};
  next++;
  return 0;
}

static void let_go(struct nfq_q_handle *queue, int64_t until_us) {
  while (first != next && ring[first % HELD_MAX].due_us <= until_us) {
    nfq_set_verdict(queue, ring[first % HELD_MAX].id, NF_ACCEPT, 0, NULL);
    first++;
  }
}

/* For how long nothing is due, in milliseconds, rounded up. */
static int wait_ms(void) {
  if (first == next) return 1000;
  int64_t left_us = ring[first % HELD_MAX].due_us - now_us();
  return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: delayer QUEUE DELAY_MS LOSS_PERCENT SEED\n");
    return 2;
  }
  delay_us = (int64_t)(atof(arguments[2]) * 1000);
  loss = atof(arguments[3]) / 100;
  srand48(atol(arguments[4]));
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);

  struct nfq_handle *handle = nfq_open();
  if (handle == NULL) fail("nfq_open");
  struct nfq_q_handle *queue = nfq_create_queue(handle, (uint16_t)atoi(arguments[1]), take, NULL);
  if (queue == NULL) fail("nfq_create_queue");
  /* The packets themselves stay in the kernel. */
  if (nfq_set_mode(queue, NFQNL_COPY_META, 0) < 0) fail("nfq_set_mode");
  nfq_set_queue_maxlen(queue, HELD_MAX);
  nfnl_rcvbufsiz(nfq_nfnlh(handle), SOCKET_BYTES);
  int fd = nfq_fd(handle);
  puts("ready");
  fflush(stdout);

  char buffer[65536] __attribute__((aligned));
  while (!ending) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, wait_ms()) > 0) {
      ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (length > 0) nfq_handle_packet(handle, buffer, (int)length);
      /* ENOBUFS: the kernel had more packets than the socket holds; they count as lost. */
      else if (length < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) fail("recv");
    }
    let_go(queue, now_us());
  }
  let_go(queue, INT64_MAX);
  nfq_close(handle);
  return 0;
}
